import { programName } from '../../src/deployment/destination-words.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const started = (command: string): Record<string, string> => behindNginx(serviceUnit(command))

export default defineRule({
  summary: 'An application server is started with an option that it does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'gunicorn and uvicorn have options of their own for the same things: gunicorn takes `--bind` and `-w`, uvicorn `--host`, `--port` and `--workers`. With one that it does not know, misspelt or of the other, the server ends before it opens a port, and nginx answers 502.',
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
  ],
  good: [
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
      for (const { written, near, at } of program.server.mistakenOptions) {
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
