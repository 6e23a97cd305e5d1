import { posix } from 'node:path'
import type { SupervisorConfiguration } from '../../parsers/supervisor/read-supervisor.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { type RunImage, runImages } from './_images.ts'
import { buildSteps } from './_started-words.ts'
import { supervisorOfImage } from './_supervisor-of-image.ts'

const tree = (
  command: string,
  configuration: string,
  target = '/etc/supervisord.conf',
): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command: '' }).replace(/^ *command: .*\n/m, ''),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': conf`
    FROM debian:12
    RUN apt-get update && apt-get install -y gunicorn supervisor
    COPY supervisord.conf ${target}
    ${command}
  `,
  'web/supervisord.conf': configuration,
})
const PROGRAM = conf`
  [program:web]
  command=/usr/bin/gunicorn --bind 0.0.0.0:8000 shop.wsgi
`
const MAIN = conf`
  [supervisord]
  logfile=/var/log/supervisord.log

  ${PROGRAM}
`
const COMMAND = 'CMD ["supervisord", "-c", "/etc/supervisord.conf"]'

export default defineRule({
  summary: 'supervisord goes into the background, and its container ends',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A container lives as long as its first process. supervisord goes into the background by itself, with the file of a distribution too, so that the process that Docker started ends with the status 0, and all that supervisord had started with it.',
  remedy: 'Write `nodaemon=true` below `[supervisord]`, or start it as `supervisord -n`',
  references: ['http://supervisord.org/configuration.html#supervisord-section-values'],
  unproven: 'The live tests run no images with a supervisord of their own',
  bad: [
    { title: 'a file of its own', files: tree(COMMAND, MAIN.replace('[supervisord]', '«[supervisord]»')) },
    {
      title: 'turned off',
      files: tree(COMMAND, MAIN.replace('[supervisord]', '«[supervisord]»\nnodaemon=false')),
    },
    {
      title: 'the file of Debian, and programs beside it',
      files: tree('«CMD» ["/usr/bin/supervisord"]', PROGRAM, '/etc/supervisor/conf.d/web.conf'),
    },
  ],
  good: [
    {
      title: 'told to stay',
      files: tree(COMMAND, MAIN.replace('[supervisord]', '[supervisord]\nnodaemon=true')),
    },
    { title: 'an option', files: tree(COMMAND.replace('"-c"', '"-n", "-c"'), MAIN) },
    {
      title: 'told to stay in a file beside that of Debian',
      files: tree(
        'CMD ["/usr/bin/supervisord"]',
        conf`
          [supervisord]
          nodaemon=true

          ${PROGRAM}
        `,
        '/etc/supervisor/conf.d/web.conf',
      ),
    },
    {
      title: 'a line of the build that says it',
      files: tree(
        conf`
          RUN sed -i 's/^logfile/nodaemon=true\\nlogfile/' /etc/supervisord.conf
          ${COMMAND}
        `,
        MAIN,
      ),
    },
    {
      title: 'a file that is not here',
      files: tree('CMD ["supervisord", "-c", "/srv/supervisord.conf"]', MAIN),
    },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      const { command } = run
      const [program = '', ...options] = command?.words ?? []
      if (command === null || command === undefined || posix.basename(program) !== 'supervisord') continue
      if (options.some(word => /^(?:-[a-z]*n[a-z]*|--nodaemon|--help|--version|-[hv?])$/.test(word))) continue
      const configuration = supervisorOfImage(run)
      if (configuration === null || !configuration.complete || !staysNot(run, configuration)) continue
      yield {
        at: configuration.main?.at ?? command.at,
        message:
          'supervisord goes into the background, and the container ends with its first process: `nodaemon` is not set',
        label: 'not told to stay',
        related: configuration.main === null ? [] : [{ at: command.at, message: 'started here' }],
      }
    }
  },
})

/** True where no file and no line of the build says that it stays. */
function staysNot(run: RunImage, { main }: SupervisorConfiguration): boolean {
  const steps = buildSteps(run)
  if (steps.some(step => /nodaemon/.test(step))) return false
  // Without a section of its own the main file is that of a distribution.
  if (main === null)
    return steps.some(step => /\b(?:apt|apt-get|apk|dnf|yum)\b[^;&|]*\ssupervisor\b/.test(step))
  return main.nodaemon === null || (main.nodaemon.known && !main.nodaemon.value)
}
