"""How long things are kept: cloud copies after the grace, files in the trash. Only here does anything go."""
