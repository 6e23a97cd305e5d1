import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Machine } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'

const files = (nginx: string, more: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': composeWith({ nginx }),
  'nginx/site.conf': siteTo('web:8000'),
  ...more,
})
const built = (dockerfile: string): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace('image: nginx:1.27', 'build: ./nginx'),
  'nginx/site.conf': siteTo('web:8000'),
  'nginx/Dockerfile': dockerfile,
})

export default defineRule({
  summary: 'nginx goes into the background, and its container ends',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A container lives as long as its first process. nginx starts others and ends, unless it is told to stay: the container stops with status 0 as soon as it has started, or starts over and over.',
  remedy: 'Write `CMD ["nginx", "-g", "daemon off;"]`, which is what the image of nginx does by itself',
  references: ['https://hub.docker.com/_/nginx', 'https://nginx.org/en/docs/ngx_core_module.html#daemon'],
  unproven: 'The live tests start no containers, and nothing there ends with its first process',
  bad: [
    { title: 'the program alone', files: files('command: «nginx»') },
    {
      title: 'in a Dockerfile',
      files: built(conf`
        FROM debian:12
        RUN apt-get update && apt-get install -y nginx
        COPY site.conf /etc/nginx/conf.d/default.conf
        «CMD» ["nginx"]
      `),
    },
    {
      title: 'as a service of the distribution',
      files: built(conf`
        FROM ubuntu:24.04
        RUN apt-get update && apt-get install -y nginx
        COPY site.conf /etc/nginx/conf.d/default.conf
        «CMD» service nginx start
      `),
    },
  ],
  good: [
    { title: 'the command of the image', files: files('') },
    { title: 'told to stay', files: files(`command: ["nginx", "-g", "daemon off;"]`) },
    {
      title: 'told by the file',
      files: built(conf`
        FROM debian:12
        RUN apt-get update && apt-get install -y nginx && echo "daemon off;" >> /etc/nginx/nginx.conf
        COPY site.conf /etc/nginx/conf.d/default.conf
        CMD ["nginx"]
      `),
    },
    {
      title: 'something behind it that stays',
      files: built(conf`
        FROM debian:12
        RUN apt-get update && apt-get install -y nginx
        COPY site.conf /etc/nginx/conf.d/default.conf
        CMD service nginx start && tail -f /var/log/nginx/access.log
      `),
    },
  ],
  *check({ machines }) {
    for (const machine of machines) {
      const { container } = machine
      if (container === null || staysByFile(machine, container)) continue
      const at = background(container)
      if (at === null) continue
      yield {
        at,
        message: 'nginx goes into the background here, and the container ends with its first process',
        label: 'no `daemon off`',
        help: 'Write `nginx -g "daemon off;"`',
      }
    }
  },
})

/** True where a file, or a line of the build, says `daemon off`, or may. */
function staysByFile({ programs }: Machine, { mounts, image }: Container): boolean {
  const isToldByBuild = (image?.steps ?? []).some(
    step =>
      'command' in step &&
      (step.command.form === 'shell'
        ? /\bdaemon\b/.test(step.command.script.text)
        : step.command.words.some(({ text }) => /\bdaemon\b/.test(text))),
  )
  if (isToldByBuild) return true
  for (const program of programs) {
    if (program.kind !== 'nginx') continue
    if (program.configuration.occurrences.has('daemon')) return true
    if (program.configuration.main !== null) return false
  }
  return mounts.some(({ target }) => target === '/etc/nginx' || target === '/etc/nginx/nginx.conf')
}

/** Where the command of a container starts nginx and does nothing else; null where it does not, or nobody knows. */
function background({ service, image }: Container): Place | null {
  if (!service.complete || service.entrypoint !== null) return null
  const entry = image?.entrypoint ?? null
  if (entry !== null) return null
  if (service.command !== null) {
    const words = service.command.words.map(({ text }) => text)
    return service.command.rest === null && leaves(words) ? service.command.at : null
  }
  const command = image?.command ?? null
  if (command === null) return null
  const place = (words: readonly string[]): Place | null => (leaves(words) ? command.at : null)
  return command.form === 'exec'
    ? place(command.words.map(({ text }) => text))
    : place(command.script.text.trim().split(/\s+/))
}

function leaves(words: readonly string[]): boolean {
  const text = words.join(' ')
  if (/[;&|$`]|\bdaemon\b|\s-[a-z]*[tTvVhs]\b/.test(text)) return false
  const [first = '', ...rest] = words
  const name = posix.basename(first)
  if (name === 'service') return rest[0] === 'nginx' && rest[1] === 'start' && rest.length === 2
  if (first === '/etc/init.d/nginx') return rest[0] === 'start'
  return name === 'nginx' && (rest.length === 0 || (rest.length === 2 && rest[0] === '-c'))
}
