"""ECAPA-TDNN: frames of a network trained from scratch, or the utterance embedding of a pretrained one."""

from .network import EcapaTdnn

__all__ = ["EcapaTdnn"]
