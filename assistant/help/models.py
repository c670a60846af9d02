"""What the desk sets: how the help page looks, and which sites may show it in a frame."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models

ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?")
SITE_KEY = re.compile(r"[a-z0-9-]{1,40}")

DARK, LIGHT = "#000000", "#ffffff"
"""Colours of a text on the site's own colour."""


@dataclass(frozen=True)
class FooterLink:
    text: str
    url: str


def footer_links(text: str) -> list[FooterLink]:
    """The links in a text with one per line: label, space, address.

    Raises ``ValidationError`` that quotes the line.
    """
    links = []
    for line in filter(None, map(str.strip, text.splitlines())):
        label, _, url = line.rpartition(" ")
        try:
            URLValidator(schemes=["https", "http"])(url)
        except ValidationError:
            label = ""
        if not label.strip():
            raise ValidationError(
                f"Write a text and an address such as “Imprint https://shop.example/imprint”, "
                f"not “{line[:100]}”."
            )
        links.append(FooterLink(label.strip(), url))
    return links


def validate_footer(text: str) -> None:
    """Raises ``ValidationError`` unless every line is a link."""
    footer_links(text)


class HelpPageManager(models.Manager["HelpPage"]):
    def current(self) -> HelpPage:
        """The one row; without it, what is shipped."""
        return self.first() or HelpPage()


class HelpPage(models.Model):
    """How the help page looks and what it says. There is one row."""

    name = models.CharField(
        max_length=100, blank=True, help_text="Your name on the page. Empty: SITE_NAME."
    )
    colour = models.CharField(
        max_length=7,
        default="#7c3aed",
        validators=[RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", "Write it as #7c3aed.")],
        help_text="Of buttons and links, such as #7c3aed.",
    )
    logo = models.CharField(
        blank=True,
        max_length=500,
        validators=[URLValidator(schemes=["https"])],
        help_text="The https address of a picture. Visitors' browsers load it from there.",
    )
    welcome = models.TextField(
        blank=True, max_length=1000, help_text="Above the first question. Markdown."
    )
    contact_note = models.TextField(
        blank=True,
        max_length=1000,
        help_text="Above the form to ask a person, such as your hours or privacy notice. Markdown.",
    )
    footer = models.TextField(
        blank=True,
        max_length=2000,
        validators=[validate_footer],
        help_text="One link a line, such as: Imprint https://shop.example/imprint",
    )

    objects = HelpPageManager()

    class Meta:
        verbose_name = "help page"

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.name or str(settings.SITE_NAME)

    @property
    def footer_links(self) -> list[FooterLink]:
        return footer_links(self.footer)

    @property
    def logo_origin(self) -> str:
        """For the Content-Security-Policy; empty without a logo."""
        origin = re.match(r"https://[A-Za-z0-9.:-]+", self.logo)
        return origin[0] if origin else ""

    @property
    def text_colour(self) -> str:
        """The colour of a text on ``colour``: the one with more contrast (WCAG 2.2, 1.4.3)."""
        return max(DARK, LIGHT, key=lambda text: contrast(text, self.colour))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours such as #7c3aed, 1 to 21.

    Source: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def validate_origins(text: str) -> None:
    """Raises ``ValidationError`` unless every line is an origin."""
    for line in text.split():
        if not ORIGIN.fullmatch(line):
            raise ValidationError(
                f"Write one origin a line, such as https://www.shop.example, not “{line[:100]}”."
            )


class HelpSiteManager(models.Manager["HelpSite"]):
    def active(self, key: str) -> HelpSite | None:
        """The site with this key; None for an unknown one, and for one that is paused."""
        if not SITE_KEY.fullmatch(key):
            return None
        return self.filter(key=key, is_paused=False).first()


class HelpSite(models.Model):
    """A site whose pages may show the help page in a frame."""

    key = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"\A[a-z0-9-]+\Z", "Write lower-case letters, digits, dashes.")],
        help_text="For data-site in the widget's script tag, such as shop.",
    )
    origins = models.TextField(
        max_length=2000,
        validators=[validate_origins],
        help_text="The origins of its pages, one a line, such as https://www.shop.example.",
    )
    is_paused = models.BooleanField(
        "paused", default=False, help_text="Its pages show no help for now."
    )

    objects = HelpSiteManager()

    class Meta:
        ordering = ("key",)
        verbose_name = "help site"

    def __str__(self) -> str:
        return self.key

    @property
    def origin_list(self) -> list[str]:
        return self.origins.split()
