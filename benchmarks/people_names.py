"""What `people` draws from: common names, the most common first, and places."""

FIRST = (
	"James Mary John Patricia Robert Jennifer Michael Linda William Elizabeth David Barbara Richard Susan Joseph Jessica Thomas "
	"Sarah Charles Karen Christopher Nancy Daniel Lisa Matthew Margaret Anthony Betty Mark Sandra Donald Ashley Steven Kimberly "
	"Paul Emily Andrew Donna Joshua Michelle Kenneth Dorothy Kevin Carol Brian Amanda George Melissa Edward Deborah Ronald "
	"Stephanie Timothy Rebecca Jason Sharon Jeffrey Laura Ryan Cynthia Jacob Kathleen Gary Amy Nicholas Shirley Eric Angela "
	"Jonathan Helen Stephen Anna Larry Brenda Justin Pamela Scott Nicole Brandon Emma Benjamin Samantha Samuel Katherine "
	"Gregory Christine Frank Debra Alexander Rachel Raymond Catherine Patrick Carolyn Jack Janet Dennis Ruth Jerry Maria Tyler "
	"Heather Aaron Diane Jose Virginia Adam Julie Henry Joyce Nathan Victoria Douglas Olivia Zachary Kelly Peter Christina Kyle "
	"Lauren Walter Joan Ethan Evelyn Jeremy Judith Harold Megan Keith Cheryl Christian Andrea Roger Hannah Noah Martha Gerald "
	"Jacqueline Carl Frances Terry Gloria Sean Ann Austin Teresa Arthur Kathryn Lawrence Sara Jesse Janice Dylan Jean Bryan "
	"Alice Joe Madison Jordan Doris Billy Abigail Bruce Julia Albert Judy Willie Grace Gabriel Denise Logan Amber Alan Marilyn "
	"Juan Beverly Wayne Danielle Roy Theresa Ralph Sophia Randy Marie Eugene Diana Vincent Brittany Russell Natalie Louis Isabella"
).split()

SHORT = {
	"James": "Jim", "Robert": "Rob", "Michael": "Mike", "William": "Will", "Elizabeth": "Liz", "Richard": "Rick",
	"Joseph": "Joe", "Thomas": "Tom", "Christopher": "Chris", "Daniel": "Dan", "Matthew": "Matt", "Anthony": "Tony",
	"Steven": "Steve", "Andrew": "Andy", "Joshua": "Josh", "Kenneth": "Ken", "Edward": "Ed", "Timothy": "Tim",
	"Jennifer": "Jen", "Patricia": "Pat", "Susan": "Sue", "Katherine": "Kate", "Samuel": "Sam", "Benjamin": "Ben",
}  # fmt: skip

LAST = (
	"Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood "
	"Jackson Clarke Miller Davis Garcia Rodriguez Martinez Hernandez Lopez Gonzalez Anderson Moore Martin Lee Perez Harris Clark "
	"Lewis Young Allen King Scott Torres Nguyen Hill Flores Adams Nelson Baker Rivera Campbell Mitchell Carter Gomez Phillips "
	"Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson "
	"Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez James Bennett Gray Mendoza Ruiz Hughes Price "
	"Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler "
	"Henderson Barnes Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno "
	"West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens Harrison "
	"Fernandez Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns Crawford Olson Simpson Porter "
	"Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Munoz Hunt Hicks Holmes Palmer Wagner Black Robertson Boyd Rose Stone"
).split()

GIVEN_HAN = (
	"伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华玉兰红建国文志海燕晓雪梅婷宇浩欣怡佳子涵梓轩雨泽思宇博俊凯嘉琪鑫波"
	"斌辉龙飞鹏云峰林森春生荣福贵宝玲琴慧莉洁倩颖蕾丹萍凤淑珍永康健东方新民成立德才义仁礼智信忠诚安宁天乐瑞祥吉庆"
	"雅琳诗语若曦晨阳旭晖炜玮威薇巍维卫惠蕙会彗晴青清卿庆宏鸿弘红洪虹洪亦奕易毅逸怡依伊医晶菁京婧靖净竞景"
)

CITIES_HAN = (
	("上海", "200000"), ("北京", "100000"), ("广州", "510000"), ("深圳", "518000"), ("杭州", "310000"), ("成都", "610000"),
	("武汉", "430000"), ("南京", "210000"), ("西安", "710000"), ("重庆", "400000"), ("苏州", "215000"), ("天津", "300000"),
)  # fmt: skip
CITIES_LATIN = (
	("London", "10100"), ("Manchester", "20200"), ("Leeds", "30300"), ("Bristol", "40400"), ("Glasgow", "50500"),
	("Liverpool", "60600"), ("Sheffield", "70700"), ("Cardiff", "80800"), ("Boston", "90900"), ("Denver", "11000"),
)  # fmt: skip

_ROADS = "人民 中山 解放 建设 和平 新华 文化 胜利 长江 黄河 南京 北京 复兴 延安 淮海 西湖 东风 光明 学院 科技 朝阳 滨江 花园 幸福".split()
STREETS_HAN = [
	f"{road}{way}" for road in _ROADS for way in ("路", "东路", "西路", "南路", "北路", "街", "大道", "巷")
]
_PLACES = (
	"High Station Church Park Victoria Green Manor Queen King Grange Mill Main London Windsor Albert Richmond Springfield York "
	"North South West East George Alexander Chester Stanley Kingsway Broad Bridge Spring Highfield School Grove Oak Maple Cedar "
	"Elm Lake Hill River Forest Meadow Orchard Valley Willow Ash Beech Chestnut Poplar Rowan Hazel"
).split()
STREETS_LATIN = [
	f"{place} {way}" for place in _PLACES for way in ("Street", "Road", "Lane", "Avenue", "Close", "Drive")
]

MAIL_HOSTS = ("gmail.com", "163.com", "outlook.com", "yahoo.com", "hotmail.com", "126.com", "icloud.com")
