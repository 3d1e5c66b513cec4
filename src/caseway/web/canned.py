"""Settings, Canned replies: texts written once and used often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseway.mail import written_html
from caseway.outbound import canned, signatures
from caseway.outbound.models import CannedReply
from caseway.outbound.template import TemplateError
from caseway.web.doors import EmployeeRequest, administrator_page

if TYPE_CHECKING:
    _Form = forms.ModelForm[CannedReply]
else:
    _Form = forms.ModelForm


class CannedForm(_Form):
    """The text comes from the editor as HTML, or as plain text without scripts."""

    html = forms.CharField(required=False)
    text = forms.CharField(label=gettext_lazy("Text"), required=False, widget=forms.Textarea)

    class Meta:
        model = CannedReply
        fields = ("title", "shortcut", "text", "is_active")
        labels: ClassVar[dict[str, Any]] = {
            "title": gettext_lazy("Title"),
            "shortcut": gettext_lazy("Shortcut"),
            "is_active": gettext_lazy("Offered while writing"),
        }

    def clean_shortcut(self) -> str:
        return str(self.cleaned_data["shortcut"]).strip().lstrip("/").replace(" ", "-")

    def clean(self) -> None:
        super().clean()
        html = signatures.clean_template(self.cleaned_data.get("html") or "")
        self.instance.is_html = bool(html)
        if html:
            self.cleaned_data["text"] = html
        elif not self.cleaned_data.get("text", "").strip():
            self.add_error("text", _("Write the text that is inserted."))

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        shortcut = self.instance.shortcut
        rows = CannedReply.objects.filter(organisation_id=self.instance.organisation_id, shortcut__iexact=shortcut)
        if shortcut and rows.exclude(pk=self.instance.pk).exists():
            self.add_error("shortcut", _("Another canned reply has this shortcut. Choose a different one."))


@administrator_page
@require_safe
def canned_replies(request: EmployeeRequest) -> HttpResponse:
    rows = CannedReply.objects.filter(organisation_id=request.user.organisation_id)
    context = {"rows": rows.order_by("-is_active", "-used", "title", "pk"), "section": "canned-replies"}
    return render(request, "settings/canned_replies.html", context)


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def canned_reply(request: EmployeeRequest, pk: int = 0) -> HttpResponse:
    """Add one, or change one."""
    row = _find(request, pk) if pk else CannedReply(organisation_id=request.user.organisation_id)
    form = CannedForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        if problem := canned.check(form.instance, request.user):
            form.add_error("text", problem)
        else:
            row = form.save(commit=False)
            row.modified_at, row.modified_by = timezone.now(), request.user
            row.save()
            messages.success(request, _("“%(title)s” is saved.") % {"title": row.title})
            return redirect("canned-replies")
    html = request.POST.get("html", "") or (row.text if row.is_html else "")
    context = {
        "form": form, "row": row, "section": "canned-replies", "preview": _preview(request, row),
        "html": mark_safe(signatures.clean_template(html)),  # noqa: S308 - cleaned
    }  # fmt: skip
    return render(request, "settings/canned_reply.html", context, status=422 if form.errors else 200)


@administrator_page
@require_POST
def preview(request: EmployeeRequest) -> HttpResponse:
    """What the text in the form makes of a made-up case."""
    html = signatures.clean_template(request.POST.get("html", ""))
    row = CannedReply(text=html or request.POST.get("text", ""), is_html=bool(html))
    return render(request, "settings/_written_preview.html", {"preview": _preview(request, row)})


@administrator_page
@require_POST
def deletion(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    row.delete()
    messages.success(request, _("“%(title)s” is deleted.") % {"title": row.title})
    return redirect("canned-replies")


def _preview(request: EmployeeRequest, row: CannedReply) -> dict[str, object]:
    try:
        html = canned.filled(row, canned.sample_values(request.user))
    except TemplateError as error:
        return {"problem": str(error)}
    return {"html": mark_safe(html), "text": written_html.text_of(html)}  # noqa: S308 - cleaned


def _find(request: EmployeeRequest, pk: int) -> CannedReply:
    row = CannedReply.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if row is None:
        raise Http404
    return row
