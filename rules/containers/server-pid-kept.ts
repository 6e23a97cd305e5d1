import { posix } from 'node:path'
import { gemRelease } from '../../parsers/ruby/gem-release.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten } from '../../parsers/text/written-text.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { startTexts } from './_shell-texts.ts'
import { scriptAt } from './_started-words.ts'

const tree = (
  command: string,
  { script = '', service = '', gem = "'~> 7.1.3'", environment = 'production' } = {},
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      api:
        build: .
        restart: unless-stopped
        ${service}
  `,
  Dockerfile: conf`
    FROM ruby:3.3
    ENV RAILS_ENV=${environment}
    WORKDIR /app
    COPY . .
    RUN bundle install
    ENTRYPOINT ["./entrypoint.sh"]
    ${command}
  `,
  'entrypoint.sh': conf`
    #!/bin/sh
    set -e
    mkdir -p tmp/pids
    ${script}
    bundle exec rails db:migrate
    exec "$@"
  `,
  Gemfile: `source 'https://rubygems.org'\n\ngem 'rails', ${gem}\n`,
})
const EXEC = 'CMD ["bundle", "exec", "«rails", "server»", "-b", "0.0.0.0"]'
const PLAIN = EXEC.replace(/[«»]/g, '')
/** No word of `RAILS_ENV`. */
const mounted = (service: string): Record<string, string> => {
  const files = tree(EXEC, { gem: "'~> 8.0'", service })
  return { ...files, Dockerfile: files.Dockerfile!.replace(/ENV .*\n/, '') }
}
const unmarked = (files: Record<string, string>): Record<string, string> => ({
  ...files,
  Dockerfile: files.Dockerfile!.replace(/[«»]/g, ''),
})

export default defineRule({
  summary: 'Rails finds the `server.pid` of its own last run, and does not start again',
  severity: 'warning',
  otherSeverities: {
    info: 'where Compose does not restart the container, or in development, and no mount keeps the file',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`rails server` writes its process id into `tmp/pids/server.pid` and removes the file when it ends by itself. After a power failure, a kill by the kernel for want of memory or a stop that takes too long it stays, in the file system of the container or of a mount. The next run is process 1 again, finds a process of that number alive, which is itself, and ends: `A server is already running (pid: 1, file: /app/tmp/pids/server.pid)`. It goes on so with each restart, and where the project is mounted from the host with each new container, too. Rails 7.2 and later write the file in development alone.',
  remedy: 'Remove it before the server starts (`rm -f tmp/pids/server.pid`), or start with `--pid /dev/null`',
  references: [
    'https://docs.docker.com/guides/ruby/',
    'https://guides.rubyonrails.org/command_line.html#bin-rails-server',
    'https://github.com/rack/rackup/blob/main/lib/rackup/server.rb',
  ],
  unproven: 'The live tests start no containers, and have no Rails',
  bad: [
    { title: 'the command of the image', files: tree(EXEC) },
    {
      title: 'the command of the compose file, in a shell',
      files: tree(PLAIN, {
        service: `entrypoint: []\n    command: bash -c "bundle exec rake db:migrate && bundle exec «rails s» -p 3000 -b 0.0.0.0"\n`,
      }),
    },
    {
      title: 'a script',
      files: {
        ...tree(''),
        'entrypoint.sh': conf`
          #!/bin/bash
          bin/rails db:prepare
          exec bin/«rails server» -b 0.0.0.0
        `,
      },
    },
    {
      title: 'a release that Bundler has locked',
      files: {
        ...tree(EXEC, { gem: "'>= 6'" }),
        'Gemfile.lock': 'GEM\n  specs:\n    rails (6.1.7.10)\n',
      },
    },
    {
      title: 'development, in any release',
      files: tree(EXEC, { gem: "'~> 8.0'", environment: 'development' }),
    },
    {
      title: 'the project is mounted, and nothing tells Rails of another mode than development',
      files: mounted('volumes: [".:/app"]'),
    },
  ],
  good: [
    { title: 'a script that removes it', files: tree(PLAIN, { script: 'rm -f /app/tmp/pids/server.pid' }) },
    { title: 'all of the directory', files: tree(PLAIN, { script: 'rm -rf tmp/*' }) },
    { title: 'a task that removes it', files: tree(PLAIN, { script: 'bin/rails tmp:clear' }) },
    {
      title: 'removed in the command',
      files: tree(PLAIN, {
        service: `command: sh -c "rm -f tmp/pids/server.pid; bundle exec rails s -b 0.0.0.0"`,
      }),
    },
    {
      title: 'no file',
      files: tree('CMD ["bin/rails", "server", "-b", "0.0.0.0", "--pid", "/dev/null"]'),
    },
    { title: 'a file elsewhere', files: tree('CMD ["bin/rails", "server", "-P", "/tmp/server.pid"]') },
    { title: 'a variable', files: tree(PLAIN, { service: 'environment: ["PIDFILE=/dev/null"]' }) },
    { title: 'in memory', files: tree(PLAIN, { service: 'tmpfs: /app/tmp' }) },
    {
      title: 'Puma, which asks nobody',
      files: tree('CMD ["bundle", "exec", "puma", "-C", "config/puma.rb"]'),
    },
    { title: 'a release that writes none in production', files: tree(PLAIN, { gem: "'~> 7.2.1'" }) },
    {
      title: 'the project is mounted, and the file lies in memory',
      files: unmarked(mounted('volumes: [".:/app"]\n    tmpfs: /app/tmp')),
    },
    {
      title: 'a mode that somebody else sets, in a release that may write none then',
      files: unmarked(mounted('volumes: [".:/app"]\n    env_file: .env')),
    },
    { title: 'a release that nobody knows', files: tree(PLAIN, { gem: "'>= 6'" }) },
    { title: 'an image of somebody else', files: tree(PLAIN, { service: 'entrypoint: /usr/bin/start' }) },
    {
      title: 'no container that lasts',
      files: Object.fromEntries(Object.entries(tree(PLAIN)).filter(([path]) => path !== 'compose.yaml')),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null || container.isAlone || container.image === null) continue
      // Kubernetes makes a new container each time.
      if (container.project.startedBy === 'pods') continue
      const at = serverOf(container)
      if (at === null) continue
      const mode = writesPid(container)
      if (mode === null) continue
      const { restart } = container.service
      const isRestarted = restart?.known === true && restart.value !== 'no'
      const mount = keepsFiles(container)
      yield {
        at,
        ...((!isRestarted || mode === 'development') && mount === null && { severity: 'info' as const }),
        message:
          'nothing removes `tmp/pids/server.pid` before this, so after a kill or a power failure Rails takes its own process for another one: A server is already running (pid: 1)',
        label: 'finds the file of its last run',
        related: [
          ...(isRestarted && restart.at !== null
            ? [{ at: restart.at, message: 'the same container again' }]
            : []),
          ...(mount === null ? [] : [{ at: mount.at, message: 'the file stays here' }]),
        ],
      }
    }
  },
})

const SERVER = /\brails\s+(?:server|s)(?![\w:-])/
/** Whatever speaks of the file, or of what lies around it, and makes no directory. */
const OF_PID =
  /\.pid\b|\bpids\b|PIDFILE|\brm\b[^\n]*\btmp\b|\btmp:\w*clear\b|\bfind\b[^\n]*-delete|\s(?:-P|--pid)\b/

/** Where Rails’ server is started; null where nothing does, or something may remove the file before. */
function serverOf(container: Container): Place | null {
  const { service, image } = container
  if (!service.complete || service.command?.rest != null || service.entrypoint?.rest != null) return null
  const texts = [...startTexts(container)]
  const said = texts.map(({ text }) => text).join(' ')
  if (!SERVER.test(said)) return null
  if (OF_PID.test(said.replace(/\b(?:mkdir|chown|chmod|install)\b[^\n;&]*/g, ''))) return null
  if (!isAllRead(container, said)) return null
  const words = service.command?.words ?? (image?.command?.form === 'exec' ? image.command.words : [])
  const at = words.findIndex(
    ({ text }, index) =>
      posix.basename(text) === 'rails' && /^(?:server|s)$/.test(words[index + 1]?.text ?? ''),
  )
  if (at !== -1) {
    const [first, last] = [placeOf(words[at]!), placeOf(words[at + 1]!)]
    return { ...first, end: Math.max(first.end, last.end) }
  }
  const text = texts.find(each => SERVER.test(each.text))
  if (text === undefined) return null
  const { index, 0: written } = SERVER.exec(text.text)!
  return placeOf(sliceWritten(text, index, index + written.length))
}

/** False where a script is named that is not here, or the entry point is the base image’s, which nobody knows. */
function isAllRead(container: Container, said: string): boolean {
  const { service, image, reference } = container
  const scripts = said.match(/[\w./-]+\.sh(?![\w.])/g) ?? []
  if (scripts.some(text => scriptAt(container, { text }) === null)) return false
  const own = image?.entrypoint?.form === 'exec' ? image.entrypoint.words : null
  const words = service.entrypoint?.words ?? own
  if (words !== null)
    return words[0] === undefined || STARTERS.test(words[0].text) || scriptAt(container, words[0]) !== null
  return image?.entrypoint == null && /^(?:ruby|debian|ubuntu|alpine)(?=[:@]|$)/.test(reference ?? '')
}

const STARTERS = /^(?:.*\/)?(?:bundle|rails|sh|bash|tini|dumb-init|env)$/

/** The project of the host, where it is mounted and keeps what the server writes. */
function keepsFiles(container: Container): ContainerMount | null {
  const home = homeOf(container)
  return home === null
    ? null
    : (container.mounts.find(
        ({ target, path, from }) => target === home && path !== null && from === 'volumes',
      ) ?? null)
}

function homeOf({ service, image }: Container): string | null {
  const home = service.workingDirectory ?? image?.workingDirectory ?? null
  return home?.known === true ? home.value : null
}

/** In which mode it writes the file; null where it writes none, or nobody knows. */
function writesPid(container: Container): 'production' | 'development' | null {
  const { service, image, files, hostFiles, reference } = container
  const given = serviceVariables(service, hostFiles)
  const variables = [...(image?.environment ?? []), ...given.variables]
  if (variables.some(({ name }) => name === 'PIDFILE')) return null
  const home = homeOf(container)
  if (home === null) return null
  const temporary = posix.join(home, 'tmp/pids')
  if (service.tmpfs.some(each => !each.known || isBelow(temporary, each.value))) return null
  if (
    service.volumes.some(
      ({ kind, target }) => kind === 'tmpfs' && target.known && isBelow(temporary, target.value),
    )
  )
    return null
  const read = (name: string) => sourceAt(files, posix.join(home, name))?.code ?? null
  const release = gemRelease('rails', { lock: read('Gemfile.lock'), gemfile: read('Gemfile') })
  const mode = variables.findLast(({ name }) => name === 'RAILS_ENV')?.value
  if (mode?.known === true && mode.value === 'development') return 'development'
  // Rails is in development unless somebody says otherwise.
  const isTold = variables.some(({ name }) => /^(?:RAILS|RACK)_ENV$/.test(name))
  const isSaid = [...startTexts(container)].some(({ text }) =>
    /\b(?:(?:RAILS|RACK)_ENV|production)\b/.test(text),
  )
  if (!isTold && !isSaid && given.complete && /^ruby(?=[:@]|$)/.test(reference ?? '')) return 'development'
  if (release === null) return null
  const [major, minor] = release
  if (major < 7 || (major === 7 && minor < 2)) return 'production'
  return null
}
