import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { type RunImage, runImages } from './_images.ts'

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
    {
      title: 'a Dockerfile without a compose file',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/default.conf
          «CMD» ["nginx"]
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
      },
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
    {
      title: 'told by the main file that is copied',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY main.conf /etc/nginx/nginx.conf
          COPY site.conf /etc/nginx/conf.d/default.conf
          CMD ["nginx"]
        `,
        'main.conf': conf`
          daemon off;
          events {
          }
          http {
              include conf.d/*.conf;
          }
        `,
        'site.conf': siteTo('192.0.2.7:8000'),
      },
    },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      const { command } = run
      if (command === null || command === undefined || !leaves(command.words) || staysByFile(run)) continue
      yield {
        at: command.at,
        message: 'nginx goes into the background here, and the container ends with its first process',
        label: 'no `daemon off`',
        help: 'Write `nginx -g "daemon off;"`',
      }
    }
  },
})

/** True where a file, or a line of the build, says `daemon off`, or may. */
function staysByFile({ machine, mounts, image, files }: RunImage): boolean {
  const isToldByBuild = (image?.steps ?? []).some(step => {
    if (!('command' in step)) return false
    const { command } = step
    const text = commandText(command)
    return /\bdaemon\b|\bnginx\.conf\b/.test(text)
  })
  if (isToldByBuild) return true
  const placed = mounts.filter(({ target }) => /^\/etc(?:\/nginx(?:\/.*)?)?$/.test(target))
  if (placed.some(({ path }) => path === null || saysDaemon(files, path))) return true
  return machine.programs.some(
    program => program.kind === 'nginx' && program.configuration.occurrences.has('daemon'),
  )
}

/** True where a file says it, or the main file of a directory that is placed whole. */
function saysDaemon(files: FileSystem, path: string): boolean {
  const main = files.kind(path) === 'directory' ? `${path}/nginx.conf` : path
  const read = files.kind(main) === 'file' ? files.read(main) : null
  return read?.kind === 'source' && /^\s*daemon\s/m.test(read.source.text)
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
