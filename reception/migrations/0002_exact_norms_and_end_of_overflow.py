from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reception", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="site",
            name="overflow_until",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="overflow granted until"
            ),
        ),
        migrations.RemoveField(model_name="norm", name="persons_per_unit"),
        # Rows get their figures when the code list is loaded, which follows every migration.
        migrations.AddField(
            model_name="norm",
            name="persons",
            field=models.PositiveIntegerField(default=1, verbose_name="persons served"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="norm",
            name="units",
            field=models.DecimalField(
                decimal_places=2, default=1, max_digits=8, verbose_name="by so many units"
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="norm",
            constraint=models.CheckConstraint(
                condition=models.Q(("persons__gte", 1), ("units__gt", 0)),
                name="norm_serves_someone",
            ),
        ),
    ]
