"""Tests of the whole pipeline: end to end, stages, privileges, the image build."""
