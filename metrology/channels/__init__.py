"""VOICE: sending a notice by e-mail, WeCom, DingTalk or webhook. Knows no database."""
