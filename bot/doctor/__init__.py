"""countersign doctor: asks every configured system for its health, permissions and versions. Nothing is changed."""
