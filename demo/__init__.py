"""A house to try things in: a WhatsApp of our own, the bridge and a real Home Assistant, all on this machine."""
