import warnings
from xml.etree import ElementTree

import numpy as np
import pytest

from photochrom.errors import PhotoWarning
from photochrom.photo.metadata import SOURCE_TYPE, mark_xmp, source_type

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
MADE_BY_CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm"


def packet(inside="", attributes=""):
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:odd="http://example.org/odd" xmlns:Iptc4xmpExt="{IPTC}" odd:key="kept"'
        f"{attributes}>"
        "<dc:creator><rdf:Seq><rdf:li>Grandmother Ärla</rdf:li></rdf:Seq></dc:creator>"
        f"{inside}</rdf:Description></rdf:RDF></x:xmpmeta>\n"
        '<?xpacket end="w"?>'
    ).encode()


def test_fresh_xmp_says_only_that_a_machine_took_part():
    fresh = mark_xmp(None)
    assert source_type(fresh) == SOURCE_TYPE
    ElementTree.fromstring(fresh)


def test_everything_else_stays_byte_for_byte():
    before = packet()
    after = mark_xmp(before)
    assert source_type(after) == SOURCE_TYPE
    cut = after.index(b"<rdf:Description xmlns:rdf")
    end = after.index(b"</rdf:Description>", cut) + len(b"</rdf:Description>")
    assert after[:cut] + after[end:] == before


@pytest.mark.parametrize(
    ("inside", "attributes"),
    [
        (f"<Iptc4xmpExt:DigitalSourceType>{MADE_BY_CAMERA}</Iptc4xmpExt:DigitalSourceType>", ""),
        (f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{MADE_BY_CAMERA}"/>', ""),
        ("", f' Iptc4xmpExt:DigitalSourceType="{MADE_BY_CAMERA}"'),
        ("", f" Iptc4xmpExt:DigitalSourceType='{MADE_BY_CAMERA}'"),
    ],
)
def test_an_earlier_source_type_is_replaced(inside, attributes):
    after = mark_xmp(packet(inside, attributes))
    assert source_type(after) == SOURCE_TYPE
    assert MADE_BY_CAMERA.encode() not in after
    assert after.count(b"DigitalSourceType>") == 2
    assert "Grandmother Ärla".encode() in after and b'odd:key="kept"' in after


def test_marking_twice_changes_nothing_more():
    once = mark_xmp(packet())
    assert mark_xmp(once) == once
    attribute = packet("", f" Iptc4xmpExt:DigitalSourceType='{SOURCE_TYPE}'")
    assert mark_xmp(attribute) == attribute


def test_padding_after_the_packet_does_no_harm():
    assert source_type(mark_xmp(packet() + b"\n" * 50 + b"\0")) == SOURCE_TYPE


@pytest.mark.parametrize(
    "xmp",
    [
        b"",
        b"not xml at all",
        packet()[:-60],
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<?xml version="1.0" encoding="klingon"?><a/>',
        packet().replace(b"x:xmpmeta>", b"y:xmpmeta>"),
    ],
)
def test_damaged_xmp_is_replaced_and_named(xmp):
    with pytest.warns(PhotoWarning, match=r"aunt\.jpg: its XMP is damaged"):
        after = mark_xmp(xmp, "aunt.jpg")
    assert source_type(after) == SOURCE_TYPE


def test_random_damage_never_escapes_as_another_error():
    random = np.random.default_rng(0)
    whole = packet()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(200):
            damaged = bytearray(whole)
            for place in random.integers(0, len(whole), 4):
                damaged[place] = random.integers(0, 256)
            assert source_type(mark_xmp(bytes(damaged))) == SOURCE_TYPE
