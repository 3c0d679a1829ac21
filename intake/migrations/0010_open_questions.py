"""What is doubtful in the data of a household, to be answered by the desk."""

import common.clock
import common.encryption
import common.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0009_consents_needs_washington'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OpenQuestion',
            fields=[
                ('id', models.UUIDField(default=common.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('recorded_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='recorded at')),
                ('updated_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='changed at')),
                ('code', models.CharField(choices=[('declared_size_differs', 'Told and written sizes differ'), ('child_without_adult', 'Children without an adult'), ('spouse_under_18', 'Wife or husband under 18'), ('parent_too_young', 'Parent less than 12 years older'), ('first_of_january', 'Born on the first day of a year'), ('two_focal_points', 'More than one head'), ('sex_unknown', 'Sex not recorded'), ('document_seen_elsewhere', 'Document also in another household'), ('phone_seen_elsewhere', 'Phone also in another household'), ('phone_in_many_households', 'Phone in more than three households')], max_length=30, verbose_name='question')),
                ('status', models.CharField(choices=[('open', 'Open'), ('answered', 'Answered'), ('outdated', 'No longer asked')], default='open', max_length=10, verbose_name='status')),
                ('facts', models.BinaryField(max_length=16)),
                ('data', models.JSONField(default=dict, editable=False)),
                ('answer', models.CharField(blank=True, choices=[('right', 'It is right as typed'), ('year_only', 'Only the year is known')], max_length=10, verbose_name='answer')),
                ('note', common.encryption.SealedTextField(blank=True, default='', verbose_name='note')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='answered at')),
                ('answered_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='answered by')),
                ('household', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='intake.household')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='intake.person')),
            ],
            options={
                'verbose_name': 'open question',
                'verbose_name_plural': 'open questions',
                'indexes': [models.Index(condition=models.Q(('status', 'open')), fields=['recorded_at'], name='question_open_oldest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('household', 'person', 'code'), name='question_open_once', nulls_distinct=False, violation_error_message='This question is open already.'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'answered'), models.Q(('answer', ''), _negated=True), ('answered_at__isnull', False), ('answered_by__isnull', False)), models.Q(models.Q(('status', 'answered'), _negated=True), ('answer', ''), ('answered_at__isnull', True), ('answered_by__isnull', True)), _connector='OR'), name='question_answered_is_whole', violation_error_message='An answer says what, by whom and when.')],
            },
        ),
    ]
