import { placeOf } from '../../parsers/text/written-text.ts'
import { releaseIn } from '../../src/deployment/django/django-version.ts'
import type { StartedCommand } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { celeryCommand } from './_celery.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const project = (celery: string, requirements = 'celery==5.4.0'): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi:application'), {
    'etc/systemd/system/worker.service': serviceUnit(celery),
    'etc/shop/requirements.txt': conf`
      ${requirements}
      django
    `,
  })

export default defineRule({
  summary: 'Celery 5 refuses an option behind its command',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Since Celery 5 the application, the broker and the working directory are options of `celery` itself, which stand before `worker`, `beat` or another command. Behind it they are refused, and the worker does not start: `You are using -A as an option of the worker sub-command`.',
  remedy: 'Write `celery -A shop worker`',
  references: [
    'https://docs.celeryq.dev/en/stable/history/whatsnew-5.0.html#step-1-adjust-your-command-line-invocation',
  ],
  unproven: 'The machines of the live tests have no Celery',
  bad: [
    {
      title: 'the application behind worker',
      files: project('/usr/bin/celery worker «-A» shop --loglevel=INFO'),
    },
    {
      title: 'the broker behind beat',
      files: project('/usr/bin/celery -A shop beat «--broker=redis://127.0.0.1/0»'),
    },
  ],
  good: [
    { title: 'the application first', files: project('/usr/bin/celery -A shop worker --loglevel=INFO') },
    { title: 'Celery 4', files: project('/usr/bin/celery worker -A shop', 'celery==4.4.7') },
    { title: 'a release that nobody knows', files: project('/usr/bin/celery worker -A shop', 'celery') },
    { title: 'multi, which puts them in order', files: project('/usr/bin/celery multi start w1 -A shop') },
  ],
  *check({ commands }) {
    for (const command of commands) {
      const celery = celeryCommand(command)
      if (celery === null || celery.command === null) continue
      const name = celery.words[celery.command]?.text ?? ''
      if (name === 'multi' || name === 'flower') continue
      const word = celery.words.slice(celery.command + 1).find(({ text }) => GLOBAL.test(text))
      if (word === undefined || !isFive(command)) continue
      const option = word.text.replace(/=.*$/, '')
      yield {
        at: placeOf(word),
        message: /^(?:-A|--app)$/.test(option)
          ? `Celery 5 does not start: You are using \`${option}\` as an option of the ${name} sub-command`
          : `Celery 5 does not start: No such option: ${option}`,
        label: `behind \`${name}\``,
        help: `Write it before \`${name}\``,
      }
    }
  },
})

const GLOBAL =
  /^(?:-A|--app(?:=.*)?|-b|--broker(?:=.*)?|--result-backend(?:=.*)?|--workdir(?:=.*)?|--config(?:=.*)?|--loader(?:=.*)?)$/

function isFive({ directory, machine }: StartedCommand): boolean {
  if (directory?.known !== true) return false
  return releaseIn('celery', 5, directory.value, machine.container?.files ?? machine.files) === true
}
