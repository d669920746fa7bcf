"""What runs inside sandbox workers, beside the candidate: its words are evidence, never a verdict."""
