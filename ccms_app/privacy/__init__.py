"""What a person allows, who may read of them, and what they may ask for."""
