"""The course as a web site: `course.py site` builds it from the notebooks as they are stored."""
