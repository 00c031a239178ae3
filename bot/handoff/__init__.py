"""From a request to a human consultant: what is passed on, the desk that takes it up, the words both ways."""
