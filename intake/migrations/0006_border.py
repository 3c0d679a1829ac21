"""The border: states of entry points, people seen crossing, assessments; coarse coordinates."""

import common.clock
import common.encryption
import common.ids
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.math
import intake.models.border
from django.conf import settings
from django.db import migrations, models


def make_informal_crossings_coarse(apps, schema_editor):
    """What was written more exactly than about a kilometre, or by half, is made to fit."""
    points = apps.get_model('intake', 'EntryPoint').objects
    points.filter(models.Q(latitude=None) | models.Q(longitude=None)).update(latitude=None, longitude=None)
    points.filter(kind='informal').update(
        latitude=django.db.models.functions.math.Round('latitude', precision=2),
        longitude=django.db.models.functions.math.Round('longitude', precision=2),
    )


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0005_slips_and_tokens'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BorderAssessment',
            fields=[
                ('id', models.UUIDField(default=common.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('recorded_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='recorded at')),
                ('updated_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='changed at')),
                ('visit_began_at', models.DateTimeField(verbose_name='visited from')),
                ('visit_ended_at', models.DateTimeField(verbose_name='visited until')),
                ('organisations', models.CharField(help_text='Who visited: organisations and authorities, no names of persons.', max_length=200, verbose_name='organisations')),
                ('findings', common.encryption.SealedJSONField(blank=True, default=dict, editable=False, verbose_name='findings')),
                ('summary', models.TextField(help_text='A few sentences that the situation report may quote. Write no names.', max_length=600, verbose_name='summary')),
                ('quotable', models.BooleanField(default=False, help_text='The situation report quotes the summary, also in its public edition.', verbose_name='may be quoted')),
            ],
            options={
                'verbose_name': 'border assessment',
                'verbose_name_plural': 'border assessments',
            },
        ),
        migrations.CreateModel(
            name='CrossingCount',
            fields=[
                ('id', models.UUIDField(default=common.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('recorded_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='recorded at')),
                ('updated_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='changed at')),
                ('began_at', models.DateTimeField(verbose_name='from')),
                ('ended_at', models.DateTimeField(verbose_name='until')),
                ('total', models.PositiveIntegerField(verbose_name='people seen')),
                ('female', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), default=intake.models.border.nobody_told, size=6, verbose_name='female')),
                ('male', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), default=intake.models.border.nobody_told, size=6, verbose_name='male')),
                ('unknown', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), default=intake.models.border.nobody_told, size=6, verbose_name='sex not seen')),
                ('method', models.CharField(choices=[('counted', 'Counted one by one'), ('estimated', 'Estimated'), ('reported', 'Reported by others')], default='counted', max_length=12, verbose_name='how')),
                ('note', common.encryption.SealedTextField(blank=True, default='', verbose_name='note')),
                ('superseded_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='replaced at')),
            ],
            options={
                'verbose_name': 'count of people seen crossing',
                'verbose_name_plural': 'counts of people seen crossing',
            },
        ),
        migrations.CreateModel(
            name='EntryPointStatusChange',
            fields=[
                ('id', models.UUIDField(default=common.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('recorded_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='recorded at')),
                ('updated_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='changed at')),
                ('status', models.CharField(choices=[('open', 'Open'), ('restricted', 'Restricted'), ('closed', 'Closed')], max_length=20, verbose_name='status')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('occurred_at', models.DateTimeField(verbose_name='happened at')),
            ],
            options={
                'verbose_name': 'state of an entry point',
                'verbose_name_plural': 'states of entry points',
            },
        ),
        migrations.AddField(
            model_name='entrypoint',
            name='status_since',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='since'),
        ),
        migrations.RunPython(make_informal_crossings_coarse, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='entrypoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'informal'), _negated=True), models.Q(('latitude', django.db.models.functions.math.Round(models.F('latitude'), precision=2)), ('longitude', django.db.models.functions.math.Round(models.F('longitude'), precision=2))), models.Q(('latitude__isnull', True), ('longitude__isnull', True)), _connector='OR'), name='entry_point_informal_is_on_no_exact_spot', violation_error_message='Write the coordinates of an informal crossing with two decimals.'),
        ),
        migrations.AddConstraint(
            model_name='entrypoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude__isnull', True), ('longitude__isnull', True)), models.Q(('latitude__isnull', False), ('longitude__isnull', False)), _connector='OR'), name='entry_point_has_both_coordinates_or_none', violation_error_message='Write both coordinates, or none.'),
        ),
        migrations.AddField(
            model_name='borderassessment',
            name='area',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake.area', verbose_name='district'),
        ),
        migrations.AddField(
            model_name='borderassessment',
            name='entry_point',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='intake.entrypoint', verbose_name='entry point'),
        ),
        migrations.AddField(
            model_name='borderassessment',
            name='recorded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='crossingcount',
            name='corrects',
            field=models.OneToOneField(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='correction', to='intake.crossingcount', verbose_name='corrects'),
        ),
        migrations.AddField(
            model_name='crossingcount',
            name='entry_point',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='counts', to='intake.entrypoint', verbose_name='entry point'),
        ),
        migrations.AddField(
            model_name='crossingcount',
            name='recorded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='entrypointstatuschange',
            name='entry_point',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='status_changes', to='intake.entrypoint', verbose_name='entry point'),
        ),
        migrations.AddField(
            model_name='entrypointstatuschange',
            name='recorded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddIndex(
            model_name='borderassessment',
            index=models.Index(fields=['visit_began_at'], name='border_assessment_time'),
        ),
        migrations.AddConstraint(
            model_name='borderassessment',
            constraint=models.CheckConstraint(condition=models.Q(('entry_point__isnull', False), ('area__isnull', False), _connector='OR'), name='border_assessment_was_somewhere', violation_error_message='Choose the entry point or the district visited.'),
        ),
        migrations.AddConstraint(
            model_name='borderassessment',
            constraint=models.CheckConstraint(condition=models.Q(('visit_began_at__lte', models.F('visit_ended_at'))), name='border_assessment_begins_before_it_ends', violation_error_message='The visit must end after it began.'),
        ),
        migrations.AddConstraint(
            model_name='borderassessment',
            constraint=models.CheckConstraint(condition=models.Q(('summary', ''), _negated=True), name='border_assessment_has_a_summary', violation_error_message='Write a short summary.'),
        ),
        migrations.AddConstraint(
            model_name='crossingcount',
            constraint=models.CheckConstraint(condition=models.Q(('began_at__lt', models.F('ended_at'))), name='crossing_count_begins_before_it_ends', violation_error_message='The count must end after it began.'),
        ),
        migrations.AddConstraint(
            model_name='crossingcount',
            constraint=models.CheckConstraint(condition=models.Q(('female__len', 6), ('male__len', 6), ('unknown__len', 6)), name='crossing_count_has_every_bracket'),
        ),
        migrations.AddConstraint(
            model_name='crossingcount',
            constraint=models.CheckConstraint(condition=models.Q(('female__0__gte', 0), ('female__1__gte', 0), ('female__2__gte', 0), ('female__3__gte', 0), ('female__4__gte', 0), ('female__5__gte', 0), ('male__0__gte', 0), ('male__1__gte', 0), ('male__2__gte', 0), ('male__3__gte', 0), ('male__4__gte', 0), ('male__5__gte', 0), ('unknown__0__gte', 0), ('unknown__1__gte', 0), ('unknown__2__gte', 0), ('unknown__3__gte', 0), ('unknown__4__gte', 0), ('unknown__5__gte', 0)), name='crossing_count_has_no_negative_number'),
        ),
        migrations.AddConstraint(
            model_name='crossingcount',
            constraint=models.CheckConstraint(condition=models.Q(('total__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('female__0'), '+', models.F('female__1')), '+', models.F('female__2')), '+', models.F('female__3')), '+', models.F('female__4')), '+', models.F('female__5')), '+', models.F('male__0')), '+', models.F('male__1')), '+', models.F('male__2')), '+', models.F('male__3')), '+', models.F('male__4')), '+', models.F('male__5')), '+', models.F('unknown__0')), '+', models.F('unknown__1')), '+', models.F('unknown__2')), '+', models.F('unknown__3')), '+', models.F('unknown__4')), '+', models.F('unknown__5')))), name='crossing_count_tells_no_more_than_its_total', violation_error_message='Women, men and children together are more than the people seen.'),
        ),
        migrations.AddConstraint(
            model_name='crossingcount',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('superseded_at__isnull', True)), expressions=[('entry_point', '='), (intake.models.border.Period('began_at', 'ended_at'), '&&')], name='crossing_counts_do_not_overlap', violation_error_message='People of this time were already counted here.'),
        ),
        migrations.AddIndex(
            model_name='entrypointstatuschange',
            index=models.Index(fields=['entry_point', '-occurred_at'], name='entry_point_history'),
        ),
        migrations.AddConstraint(
            model_name='entrypointstatuschange',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'open'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='entry_point_restriction_has_a_reason', violation_error_message='Say why it is restricted or closed.'),
        ),
    ]
