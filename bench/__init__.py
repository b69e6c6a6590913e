"""Measurements of the whole: Home Assistant, the bridge and a simulated WhatsApp."""
