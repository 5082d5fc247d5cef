"""PreFair (Pujol, Gilad, Machanavajjhala, VLDB 16(6), 2023), section 6: its tables and figures, run again."""
