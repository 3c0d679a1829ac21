"""How people come in, leave, come back and change households; each dated twice."""

import common.clock
import common.ids
import django.contrib.postgres.constraints
import django.db.models.deletion
import intake.models.persons
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0003_find_what_changed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # One person's absences must not overlap: keys and times in one index.
        BtreeGistExtension(),
        migrations.CreateModel(
            name='HouseholdMove',
            fields=[
                ('id', models.UUIDField(default=common.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('recorded_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='recorded at')),
                ('updated_at', models.DateTimeField(default=common.clock.now, editable=False, verbose_name='changed at')),
                ('occurred_at', models.DateTimeField(verbose_name='happened at')),
                ('reason', models.CharField(choices=[('split', 'The household parted'), ('joined', 'Households joined'), ('reunification', 'Family reunified'), ('correction', 'Was registered with the wrong household')], max_length=15, verbose_name='reason')),
                ('from_relationship', models.CharField(choices=[('head', 'Head or focal point'), ('spouse', 'Wife or husband'), ('child', 'Son or daughter'), ('parent', 'Mother or father'), ('sibling', 'Brother or sister'), ('grandparent', 'Grandmother or grandfather'), ('grandchild', 'Grandchild'), ('uncle_aunt', 'Aunt or uncle'), ('nephew_niece', 'Nephew or niece'), ('cousin', 'Cousin'), ('parent_in_law', 'Mother- or father-in-law'), ('child_in_law', 'Daughter- or son-in-law'), ('sibling_in_law', 'Sister- or brother-in-law'), ('step_child', 'Step-child'), ('foster_child', 'Foster child'), ('other', 'Other relative'), ('not_related', 'Not related'), ('unknown', 'Unknown')], max_length=20, verbose_name='relationship before')),
                ('was_focal_point', models.BooleanField(default=False, verbose_name='was the focal point')),
            ],
            options={
                'verbose_name': 'move between households',
                'verbose_name_plural': 'moves between households',
            },
        ),
        migrations.RemoveConstraint(
            model_name='personexit',
            name='person_exit_one_open',
        ),
        migrations.AddField(
            model_name='arrival',
            name='transferred_from',
            field=models.CharField(blank=True, max_length=100, verbose_name='transferred from'),
        ),
        migrations.AddField(
            model_name='person',
            name='entry',
            field=models.CharField(choices=[('arrival', 'Crossed the border'), ('birth', 'Born here'), ('transfer', 'Transferred from another operation')], default='arrival', editable=False, max_length=10, verbose_name='came by'),
        ),
        migrations.AddField(
            model_name='person',
            name='mother',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children_born_here', to='intake.person', verbose_name='mother'),
        ),
        migrations.AddField(
            model_name='personexit',
            name='return_recorded_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='return recorded at'),
        ),
        migrations.AddField(
            model_name='personexit',
            name='return_recorded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='personexit',
            name='returned_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='came back at'),
        ),
        migrations.AddIndex(
            model_name='personexit',
            index=models.Index(condition=models.Q(('returned_at__isnull', False), ('reversed_at__isnull', True)), fields=['person'], name='person_exit_came_back'),
        ),
        migrations.AddIndex(
            model_name='personexit',
            index=models.Index(fields=['occurred_at'], name='person_exit_time'),
        ),
        migrations.AddConstraint(
            model_name='personexit',
            constraint=models.UniqueConstraint(condition=models.Q(('returned_at__isnull', True), ('reversed_at__isnull', True)), fields=('person',), name='person_exit_one_open', violation_error_message='This person has already left.'),
        ),
        migrations.AddConstraint(
            model_name='personexit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('return_recorded_at__isnull', True), ('return_recorded_by__isnull', True), ('returned_at__isnull', True)), models.Q(('return_recorded_at__isnull', False), ('return_recorded_by__isnull', False), ('returned_at__gte', models.F('occurred_at'))), _connector='OR'), name='person_exit_return_is_whole_and_later', violation_error_message='A person comes back after they left.'),
        ),
        migrations.AddConstraint(
            model_name='personexit',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('reversed_at__isnull', True)), expressions=[('person', '='), (intake.models.persons.Absence('occurred_at', 'returned_at'), '&&')], name='person_absences_do_not_overlap'),
        ),
        migrations.AddField(
            model_name='householdmove',
            name='from_household',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves_out', to='intake.household'),
        ),
        migrations.AddField(
            model_name='householdmove',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='intake.person'),
        ),
        migrations.AddField(
            model_name='householdmove',
            name='recorded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='householdmove',
            name='to_household',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves_in', to='intake.household'),
        ),
        migrations.AddIndex(
            model_name='householdmove',
            index=models.Index(fields=['person', 'occurred_at'], name='household_move_history'),
        ),
        migrations.AddConstraint(
            model_name='householdmove',
            constraint=models.CheckConstraint(condition=models.Q(('from_household', models.F('to_household')), _negated=True), name='household_move_goes_elsewhere', violation_error_message='Choose another household than the person’s own.'),
        ),
    ]
