"""From accepted to delivered: nothing is lost, nothing comes twice, and each conversation keeps its order."""
