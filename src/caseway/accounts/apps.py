from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "caseway.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from caseway.accounts.scope import carry_over
        from caseway.accounts.sign_in import remember_organisation
        from caseway.accounts.walls import grant_to_application

        connection_created.connect(carry_over, dispatch_uid="carry_over")
        user_logged_in.connect(remember_organisation, dispatch_uid="remember_organisation")
        post_migrate.connect(grant_to_application, dispatch_uid="grant_to_application")
