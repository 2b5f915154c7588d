"""How good the data of each customer is: rules, findings with reasons, a score, and fixes that can be undone."""
