"""What is found by reading a candidate alone; nothing of it runs."""
