"""The cloud half: what runs in Lambda behind app.py."""
