"""What runs on the gateway: pollers, the outbox, the publisher, and the daemon that joins them."""
