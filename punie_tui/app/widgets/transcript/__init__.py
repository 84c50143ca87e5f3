"""What was said, newest below: from streamed Markdown to lines on the screen."""
