import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { AppServer } from '../../parsers/app-server/app-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const started = (command: string): Record<string, string> => behindNginx(serviceUnit(command))

const image = (command: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    RUN pip install gunicorn uvicorn
    CMD ${command}
  `,
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        ports: ["8000:8000"]
  `,
  'shop.py': 'def app(environ, start_response): ...\n',
})

export default defineRule({
  summary: 'An application server is started with an option that it does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'gunicorn and uvicorn have options of their own for the same things: gunicorn takes `--bind` and `-w`, uvicorn `--host`, `--port` and `--workers`. With one that it does not know, misspelt or of the other, the server ends before it opens a port, and nginx answers 502. In a list (`CMD ["gunicorn", "--bind 0.0.0.0:8000"]`) an option and its value are two words: as one, gunicorn takes them for an application, and uvicorn for an option that it does not have.',
  remedy: 'Write the option as `--help` of the program has it',
  references: ['https://docs.gunicorn.org/en/stable/settings.html', 'https://www.uvicorn.org/settings/'],
  bad: [
    {
      title: 'the port as uvicorn takes it',
      files: started(
        '/usr/bin/gunicorn --host 127.0.0.1 «--port» 8000 shop.wsgi'.replace('--host', '«--host»'),
      ),
    },
    {
      title: 'the address as gunicorn takes it',
      files: started('/usr/bin/uvicorn «--bind» 127.0.0.1:8000 shop.wsgi:application'),
    },
    { title: 'an option that is misspelt', files: started('/usr/bin/gunicorn «--time-out» 60 shop.wsgi') },
    { title: 'the beginning of several', files: started('/usr/bin/gunicorn «--worker» 3 shop.wsgi') },
    {
      title: 'one letter, of which uvicorn has none',
      files: started('/usr/bin/uvicorn «-w» 4 --interface wsgi shop.wsgi:application'),
    },
    {
      title: 'an option and its value as one word of a list',
      files: image('["gunicorn", "shop:app", "-w 2", "«--bind 0.0.0.0:8000»"]'),
    },
    {
      title: 'the same in front of the application',
      files: image('["gunicorn", "«--bind 0.0.0.0:8000»", "shop:app"]'),
    },
    {
      title: 'uvicorn',
      files: image('["uvicorn", "shop:app", "--interface", "wsgi", "«--port 8000»", "--host", "0.0.0.0"]'),
    },
  ],
  good: [
    {
      title: 'values behind letters, from which gunicorn takes the blank',
      files: image('["gunicorn", "shop:app", "-w 2", "-b 0.0.0.0:8000"]'),
    },
    {
      title: 'a value with blanks behind an equals sign',
      files: image('["gunicorn", "shop:app", "--bind=0.0.0.0:8000", "--access-logformat=%(h)s %(r)s"]'),
    },
    {
      title: 'options of gunicorn',
      files: started('/usr/bin/gunicorn --bind 127.0.0.1:8000 -w 3 shop.wsgi'),
    },
    {
      title: 'the beginning of one',
      files: started('/usr/bin/gunicorn --worker-cl sync --bin 127.0.0.1:8000 shop.wsgi'),
    },
    {
      title: 'options of uvicorn',
      files: started('/usr/bin/uvicorn --host 127.0.0.1 --workers 2 --interface wsgi shop.wsgi:application'),
    },
    {
      title: 'an option that a later release may have',
      files: started('/usr/bin/gunicorn --shiny-thing shop.wsgi'),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      for (const { written, near, joined, at } of program.server.mistakenOptions) {
        if (joined) {
          yield {
            at,
            message: `${programName(program)} gets \`${written}\` as one argument, ${outcomeOfJoined(program.server, written)}`,
            label: 'one argument',
            help: `Write the option and its value as two: \`${written
              .split(/\s+/)
              .map(word => `"${word}"`)
              .join(', ')}\``,
          }
          continue
        }
        const [only, ...others] = near
        const isBegun = others.length > 0
        yield {
          at,
          message: `${programName(program)} has no option \`${written}\`, so it does not start: ${
            isBegun
              ? `ambiguous option: ${written} could match ${near.join(', ')}`
              : program.server.program === 'gunicorn'
                ? `unrecognized arguments: ${written}`
                : `No such option: ${written}`
          }`,
          label: 'no such option',
          ...(only !== undefined && !isBegun && { help: `Write \`${only}\`` }),
        }
      }
    }
  },
})

/** gunicorn takes every word that is no option for an application, and starts the first. */
function outcomeOfJoined({ program, application }: AppServer, written: string): string {
  if (program === 'uvicorn') return `so it does not start: No such option: ${written}`
  return application?.known === true && application.value === written
    ? 'and looks for an application of this name: No module named'
    : 'and does not take it for an option: it has no effect'
}
