import { posix } from 'node:path'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import { type CeleryApplication, celeryApplication } from '../../src/deployment/django/celery-application.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { celeryCommand, celeryOption } from './_celery.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const CELERY = conf`
  import os
  from celery import Celery
  os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
  app = Celery("shop")
  app.config_from_object("django.conf:settings", namespace="CELERY")
  app.autodiscover_tasks()
`
const project = (
  command: string,
  files: Record<string, string> = {},
  unit: (command: string) => string = serviceUnit,
): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application'), {
    'etc/systemd/system/worker.service': unit(command),
    'etc/shop/manage.py': 'import django\n',
    'etc/shop/shop/__init__.py': '',
    'etc/shop/shop/celery.py': CELERY,
    'etc/shop/orders/__init__.py': '',
    ...files,
  })

export default defineRule({
  summary: 'Celery does not find its application',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`celery -A shop` imports `shop` from the directory in which it is started, and takes `app` or `celery` of it, or the module `shop.celery`. With another name, or in another directory, no worker and no beat starts: `Unable to load celery application`. Tasks are sent and wait in the broker.',
  remedy: 'Name the module that makes the application, and start Celery in the directory that holds it',
  references: [
    'https://docs.celeryq.dev/en/stable/userguide/application.html#main-name',
    'https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html',
  ],
  unproven: 'The machines of the live tests have no Celery',
  bad: [
    { title: 'another name', files: project('/usr/bin/celery -A «shopp» worker') },
    { title: 'a package without one', files: project('/usr/bin/celery --app «orders» beat') },
    { title: 'a module that is not there', files: project('/usr/bin/celery -A «shop.worker» worker') },
    {
      title: 'started above the project',
      files: project(
        '/usr/bin/celery -A shop worker',
        {},
        command => conf`
          [Service]
          WorkingDirectory=«/etc»
          ExecStart=${command}
        `,
      ),
    },
    {
      title: 'a beat without the application of the worker',
      files: project('/usr/bin/celery -A shop worker', {
        'etc/systemd/system/beat.service': serviceUnit(
          '/usr/bin/celery «beat» --scheduler shop.beat:Scheduler',
        ),
      }),
    },
    { title: 'an option without its dash', files: project('/usr/bin/celery «A» shop worker') },
  ],
  good: [
    {
      title: 'a worker whose application its environment names, and one of Django',
      files: project('/usr/bin/celery -A shop worker', {
        'etc/systemd/system/beat.service': serviceUnit('/usr/bin/celery beat', 'Environment=APP=shop'),
        'etc/systemd/system/other.service': serviceUnit('/usr/bin/python3 manage.py celery worker'),
      }),
    },
    { title: 'the project', files: project('/usr/bin/celery -A shop worker') },
    { title: 'its module, and a name of it', files: project('/usr/bin/celery -A shop.celery.app worker') },
    {
      title: 'a package that imports one',
      files: project('/usr/bin/celery -A orders worker', {
        'etc/shop/orders/__init__.py': 'from shop.celery import app as queue\n',
      }),
    },
    {
      title: 'another directory',
      files: project(
        '/usr/bin/celery --workdir /etc/shop -A shop worker',
        {},
        command => conf`
          [Service]
          WorkingDirectory=/etc
          ExecStart=${command}
        `,
      ),
    },
    {
      title: 'another path of Python',
      files: project(
        '/usr/bin/celery -A shop worker',
        {},
        command => conf`
          [Service]
          WorkingDirectory=/etc
          Environment=PYTHONPATH=/etc/shop
          ExecStart=${command}
        `,
      ),
    },
    {
      title: 'a project that may be installed',
      files: project('/usr/bin/celery -A ledger worker', { 'etc/shop/setup.py': 'import setuptools\n' }),
    },
  ],
  *check({ commands }) {
    yield* withoutApplication(commands)
    for (const started of commands) {
      const celery = celeryCommand(started)
      const [first] = celery?.words ?? []
      if (celery === null || celery.command === null || first === undefined) continue
      if (first.text === 'A' && celery.command > 1) {
        yield {
          at: placeOf(first),
          message: "Celery takes this for a command, and does not start: No such command 'A'",
          label: 'no option',
          help: 'Write `-A`',
        }
        continue
      }
      const given = celeryOption(celery, '-A', '--app')
      if (given === null || isUnknownWord(given.value) || started.environment('PYTHONPATH') !== null) continue
      const { directory, machine } = started
      const other = celeryOption(celery, '--workdir')
      if (directory?.known !== true || (other !== null && isUnknownWord(other.value))) continue
      const home = posix.resolve(directory.value, other?.value ?? '.')
      const found = celeryApplication(machine.container?.files ?? machine.files, home, given.value)
      const fault = found === null ? null : faultOf(found, given.value, home)
      if (fault === null) continue
      // Only the directory of the unit has to change where it is that one.
      const isElsewhere = found?.kind === 'missing' && found.near !== null && other === null
      const at = (isElsewhere ? directory.at : null) ?? placeOf(given.word)
      yield {
        at,
        ...fault,
        ...(isElsewhere && { related: [{ at: placeOf(given.word), message: 'the application' }] }),
      }
    }
  },
})

/** What names an application besides `-A`, or a file of settings for one that nobody names. */
const NAMED_ELSEWHERE = ['APP', 'CELERY_APP', 'CELERY_LOADER', 'CELERY_CONFIG_MODULE']

/** A worker or a beat without the application that another command of the same machines names. */
function* withoutApplication(commands: readonly StartedCommand[]): Iterable<RuleFinding> {
  const found = commands.flatMap(started => {
    const celery = celeryCommand(started)
    return celery === null ? [] : [{ started, celery, given: celeryOption(celery, '-A', '--app') }]
  })
  const named = found.flatMap(({ given }) => (given === null || isUnknownWord(given.value) ? [] : [given]))
  for (const { started, celery, given } of found) {
    const { machine, words, directory } = started
    const command = celery.command === null ? undefined : celery.words[celery.command]
    if (given !== null || command === undefined || !/^(?:worker|beat)$/.test(command.text)) continue
    // An attached `-Ashop`, and what follows a variable, may name it as well.
    if (celery.words.some(({ text }) => /^(?:-A\S|--(?:config|loader)\b)|[$%]/.test(text))) continue
    if (words.some(({ text }) => /(?:manage\.py|django-admin)$/.test(text))) continue
    if (NAMED_ELSEWHERE.some(name => started.environment(name)?.known === true)) continue
    const files = machine.container?.files ?? machine.files
    if (directory?.known === true && files.kind(posix.join(directory.value, 'celeryconfig.py')) !== null)
      continue
    // What lies in another directory may be of another project.
    const home = posix.dirname(command.source.path)
    const other = named.find(({ word }) => posix.dirname(word.source.path) === home)
    if (other === undefined) continue
    const hasBroker =
      started.environment('CELERY_BROKER_URL') !== null || celeryOption(celery, '-b', '--broker') !== null
    yield {
      at: placeOf(command),
      confidence: 'medium',
      message: `without \`-A\` Celery runs an application of its own${hasBroker ? '' : ', whose broker is `amqp://guest@localhost:5672//`'}, with none of the tasks of \`${other.value}\``,
      label: 'no application',
      related: [{ at: placeOf(other.word), message: 'named here' }],
      help: `Write \`-A ${other.value}\` in front of it`,
    }
  }
}

function faultOf(
  found: CeleryApplication,
  written: WrittenText['text'],
  home: string,
): { readonly message: string; readonly label: string; readonly help?: string } | null {
  switch (found.kind) {
    case 'found':
      return null
    case 'empty':
      return {
        message: `\`${written}\` makes no application, so Celery does not start: Unable to load celery application`,
        label: 'no application in it',
        help: 'Name the module that calls `Celery(…)`',
      }
    case 'missing':
      return found.near !== null
        ? {
            message: `Celery looks for \`${written}\` in \`${home}\`, and it lies in \`${found.near}\`: Unable to load celery application, the module ${written} was not found`,
            label: 'not the directory of the module',
            help: `Start Celery in \`${found.near}\``,
          }
        : {
            message: `\`${home}\` has no \`${written}\`, so Celery does not start: Unable to load celery application, the module ${written} was not found`,
            label: 'no such module',
            ...(found.instead !== null && { help: `Write \`${found.instead}\`` }),
          }
  }
}
