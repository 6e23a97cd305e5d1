workers = 3
timeout = 120
