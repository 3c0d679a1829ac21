"""Slips printed ahead, given to households, revoked and replaced."""

import common.clock
import common.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0004_life_of_a_record'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TokenSheet',
            fields=[
                ('id', models.UUIDField(default=common.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('recorded_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='recorded at')),
                ('updated_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='changed at')),
                ('count', models.PositiveSmallIntegerField(verbose_name='slips')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('printed_at', models.DateTimeField(verbose_name='made at')),
                ('copies', models.PositiveSmallIntegerField(default=0, verbose_name='copies printed')),
                ('entry_point', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='token_sheets', to='intake.entrypoint', verbose_name='entry point')),
                ('printed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'sheet of slips',
                'verbose_name_plural': 'sheets of slips',
            },
        ),
        migrations.CreateModel(
            name='SlipToken',
            fields=[
                ('id', models.UUIDField(default=common.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('recorded_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='recorded at')),
                ('updated_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='changed at')),
                ('token', models.CharField(editable=False, max_length=40, unique=True, verbose_name='token')),
                ('state', models.CharField(choices=[('printed', 'Printed, not given yet'), ('bound', 'Given to a household'), ('revoked', 'No longer valid')], default='printed', max_length=10, verbose_name='state')),
                ('bound_at', models.DateTimeField(null=True, verbose_name='given at')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='revoked at')),
                ('reason', models.CharField(blank=True, choices=[('lost', 'Lost'), ('damaged', 'Damaged'), ('stolen', 'Stolen'), ('misprinted', 'Misprinted'), ('superseded', 'Another slip was given'), ('other', 'Other')], max_length=12, verbose_name='reason')),
                ('bound_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('household', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='slips', to='intake.household', verbose_name='household')),
                ('replaced_by', models.OneToOneField(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='replaces', to='intake.sliptoken')),
                ('revoked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sheet', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to='intake.tokensheet', verbose_name='sheet')),
            ],
            options={
                'verbose_name': 'slip',
                'verbose_name_plural': 'slips',
            },
        ),
        migrations.AddConstraint(
            model_name='tokensheet',
            constraint=models.CheckConstraint(condition=models.Q(('count__range', (1, 500))), name='tokensheet_holds_1_to_500_slips', violation_error_message='A sheet has between 1 and 500 slips.'),
        ),
        migrations.AddConstraint(
            model_name='sliptoken',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'bound')), fields=('household',), name='sliptoken_one_bound_per_household', violation_error_message='This household has a slip already.'),
        ),
        migrations.AddConstraint(
            model_name='sliptoken',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'revoked'), models.Q(('reason', ''), ('revoked_at__isnull', True), ('revoked_by__isnull', True)), _connector='OR'), name='sliptoken_only_revoked_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='sliptoken',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'revoked'), _negated=True), models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='sliptoken_revoked_says_when_who_and_why'),
        ),
        migrations.AddConstraint(
            model_name='sliptoken',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'printed'), _negated=True), models.Q(('bound_at__isnull', True), ('bound_by__isnull', True), ('household__isnull', True)), _connector='OR'), name='sliptoken_printed_belongs_to_nobody'),
        ),
        migrations.AddConstraint(
            model_name='sliptoken',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'bound'), _negated=True), ('household__isnull', False), _connector='OR'), name='sliptoken_bound_has_a_household'),
        ),
        migrations.AddConstraint(
            model_name='sliptoken',
            constraint=models.CheckConstraint(condition=models.Q(('household__isnull', True), models.Q(('bound_at__isnull', False), ('bound_by__isnull', False)), _connector='OR'), name='sliptoken_of_a_household_says_when_and_who'),
        ),
        migrations.AddConstraint(
            model_name='sliptoken',
            constraint=models.CheckConstraint(condition=models.Q(('replaced_by__isnull', True), models.Q(('household__isnull', False), ('state', 'revoked'), models.Q(('replaced_by', models.F('id')), _negated=True)), _connector='OR'), name='sliptoken_replaced_is_revoked'),
        ),
    ]
