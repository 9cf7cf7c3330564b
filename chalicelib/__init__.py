"""The cloud half: what runs in Lambda behind app.py."""

VERSION = "0.1.0"
