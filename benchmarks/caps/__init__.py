"""CaPS (Pentyala, Pereira, De Cock, ICML 2024): its question of utility, asked again under our protocols."""
