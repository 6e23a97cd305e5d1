import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { looseImages, type RunImage, runImages } from './_images.ts'
import { LACKING, PROGRAMS } from './_programs-of-images.ts'
import { supervisorOfImage } from './_supervisor-of-image.ts'
import { healthCheck } from '../../src/deployment/containers/health-check.ts'
import {
  buildSteps,
  copiesPrograms,
  looseIn,
  type Started,
  startedIn,
  startedWords,
} from './_started-words.ts'

const image = (base: string, lines = ''): string => conf`
  FROM ${base}
  WORKDIR /app
  COPY . .
  ${lines}
`
const checked = (test: string, dockerfile: string): Record<string, string> => ({
  'docker-compose.yml': composeWith({
    web: conf`
      healthcheck:
        test: ${test}
        interval: 10s
    `,
  }),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': dockerfile,
})
const waiting = (script: string, base: string, lines = ''): Record<string, string> => ({
  'docker-compose.yml': composeWith(),
  'nginx/site.conf': siteTo('web:8000'),
  'web/Dockerfile': image(base, `${lines}\nENTRYPOINT ["sh", "/app/entrypoint.sh"]`),
  'web/entrypoint.sh': script,
})
const WAIT = conf`
  #!/bin/sh
  while ! nc -z db 5432; do
    sleep 1
  done
  exec "$@"
`
const supervised = (base: string, command: string, steps = ''): Record<string, string> => ({
  'docker-compose.yml': composeWith({ command: '' }).replace(/^ *command: .*\n/m, ''),
  'nginx/site.conf': siteTo('web:80'),
  'web/Dockerfile': conf`
    FROM ${base}
    RUN apt-get update && apt-get install -y supervisor
    ${steps}
    COPY supervisord.conf /etc/supervisor/supervisord.conf
    CMD ["/usr/bin/supervisord"]
  `,
  'web/supervisord.conf': conf`
    [supervisord]
    nodaemon=true

    [program:web]
    command=${command}
  `,
})

export default defineRule({
  summary: 'A container runs a program that its image does not have',
  severity: 'warning',
  otherSeverities: { error: 'in what starts the container, or what supervisord starts in it' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The small images have few programs: `slim` ones no curl, wget or nc, those of Alpine no curl, those of PHP for Apache no `php-fpm`. A health check with one of them never succeeds: the container is `unhealthy`, and what waits for it with `condition: service_healthy` is not started. A script that waits for its database with `nc` waits for ever: `nc: not found`.',
  remedy:
    'Install the program in the Dockerfile, or ask with what the image has: `python -c`, `node -e`, `wget` on Alpine',
  references: [
    'https://docs.docker.com/reference/compose-file/services/#healthcheck',
    'https://hub.docker.com/_/python',
    'https://hub.docker.com/_/node',
    'https://www.keycloak.org/server/containers',
    'https://learn.microsoft.com/en-us/dotnet/core/docker/container-images',
    'https://github.com/GoogleContainerTools/distroless',
  ],
  unproven: 'The live tests start no containers: which programs an image has, no loopback shows',
  bad: [
    {
      title: 'PHP-FPM by supervisord, in an image for Apache',
      files: supervised('php:8.3-apache', '«php-fpm»'),
    },
    {
      title: 'Apache by supervisord, in an image of PHP-FPM',
      files: supervised('nextcloud:30-fpm', '«apache2-foreground»'),
    },
    {
      title: 'PHP-FPM by supervisord, in an image that no compose file builds',
      files: {
        'docker-compose.yml': composeWith(),
        'nginx/site.conf': siteTo('web:8000'),
        'examples/Dockerfile': conf`
          FROM nextcloud:apache
          RUN apt-get update && apt-get install -y supervisor
          COPY supervisord.conf /etc/supervisor/supervisord.conf
          CMD ["/usr/bin/supervisord"]
        `,
        'examples/supervisord.conf': conf`
          [supervisord]
          nodaemon=true

          [program:php-fpm]
          command=«php-fpm»
        `,
      },
    },
    {
      title: 'curl in an image of Caddy of before 2.11',
      files: {
        'docker-compose.yml': conf`
          services:
            caddy:
              image: caddy:2.8-alpine
              ports: ["80:80"]
              healthcheck: { test: ["CMD", "«curl»", "-f", "http://localhost/"] }
        `,
      },
    },
    {
      title: 'wget in the image of nginx, and curl in that of Traefik',
      files: {
        'docker-compose.yml': composeWith({
          nginx: conf`
            healthcheck:
              test: ["CMD", "«wget»", "-q", "--spider", "http://localhost/"]
          `,
          more: conf`
              edge:
                image: traefik:v3.1
                healthcheck:
                  test: «curl» -f http://localhost:8080/ping
            volumes:
              unused:
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'images of services that have neither curl nor wget',
      files: {
        'docker-compose.yml': conf`
          services:
            sso:
              image: quay.io/keycloak/keycloak:24.0
              healthcheck: { test: ["CMD", "«curl»", "-f", "http://localhost:8080/health/ready"] }
            vectors:
              image: qdrant/qdrant:v1.9.0
              healthcheck: { test: ["CMD", "«wget»", "-q", "http://localhost:6333/readyz"] }
            queue:
              image: rabbitmq:3-management
              healthcheck: { test: «curl» -f http://localhost:15672/ || exit 1 }
            metrics:
              image: prom/prometheus:v2.53.0
              healthcheck: { test: ["CMD", "«curl»", "-f", "http://localhost:9090/-/healthy"] }
            logs:
              image: grafana/loki:3.0.0
              healthcheck: { test: ["CMD-SHELL", "«curl» -f http://localhost:3100/ready"] }
        `,
      },
    },
    {
      title: 'curl in the image of ASP.NET',
      files: {
        ...checked(
          '["CMD", "«curl»", "-f", "http://localhost:8080/"]',
          image('mcr.microsoft.com/dotnet/aspnet:8.0'),
        ),
      },
    },
    {
      title: 'curl in the slim image of Ruby',
      files: checked('["CMD", "«curl»", "-f", "http://localhost:3000/up"]', image('ruby:3.3-slim')),
    },
    {
      title: 'curl, where a step makes a script executable',
      files: checked(
        '["CMD", "«curl»", "-f", "http://localhost:8000/"]',
        image('python:3.12-slim', 'RUN chmod +x /app/entrypoint.sh'),
      ),
    },
    {
      title: 'a program that MariaDB has no more',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              image: mariadb:11
              environment:
                MARIADB_ROOT_PASSWORD: a
              healthcheck:
                test: ["CMD", "«mysqladmin»", "ping"]
            docs:
              image: mongo:7
              healthcheck:
                test: echo 'db.runCommand("ping").ok' | «mongo» localhost:27017/test --quiet
        `,
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'curl in a slim image',
      files: checked('["CMD", "«curl»", "-f", "http://localhost:8000/"]', image('python:3.12-slim')),
    },
    {
      title: 'curl on Alpine, by a shell',
      files: checked('«curl» -f http://localhost:8000/ || exit 1', image('node:22-alpine')),
    },
    {
      title: 'curl in the health check of the image itself',
      files: {
        'docker-compose.yml': composeWith(),
        'nginx/site.conf': siteTo('web:8000'),
        'web/Dockerfile': image(
          'python:3.12-slim',
          'HEALTHCHECK --interval=30s CMD «curl» -f http://localhost:8000/ || exit 1',
        ),
      },
    },
    {
      title: 'curl in the health check of an image that no compose file builds',
      files: {
        Dockerfile: image('python:3.12-slim', 'HEALTHCHECK CMD «curl» -f http://localhost:8000/ || exit 1'),
        'nginx.conf': siteTo('web:8000'),
      },
    },
    { title: 'a script that waits', files: waiting(WAIT.replace('nc', '«nc»'), 'python:3.12-slim') },
    {
      title: 'a script that asks PostgreSQL',
      files: waiting(
        conf`
          #!/bin/sh
          until «pg_isready» -h db; do sleep 1; done
          exec "$@"
        `,
        'python:3.12',
      ),
    },
  ],
  good: [
    {
      title: 'programs that images of services have',
      files: {
        'docker-compose.yml': conf`
          services:
            dashboards:
              image: grafana/grafana:11.1.0
              healthcheck: { test: ["CMD", "curl", "-f", "http://localhost:3000/api/health"] }
            metrics:
              image: prom/prometheus:v2.53.0
              healthcheck: { test: ["CMD", "wget", "-q", "http://localhost:9090/-/healthy"] }
            sso:
              image: quay.io/keycloak/keycloak:16.1.1
              healthcheck: { test: ["CMD", "curl", "-f", "http://localhost:8080/auth/"] }
            queue:
              image: rabbitmq:3-management
              healthcheck: { test: ["CMD", "rabbitmq-diagnostics", "-q", "ping"] }
        `,
      },
    },
    { title: 'Apache by supervisord', files: supervised('php:8.3-apache', 'apache2-foreground') },
    { title: 'PHP-FPM by supervisord', files: supervised('php:8.3-fpm-alpine', 'php-fpm --nodaemonize') },
    {
      title: 'PHP-FPM that is installed',
      files: supervised('php:8.3-apache', 'php-fpm', 'RUN apt-get update && apt-get install -y php-fpm'),
    },
    {
      title: 'a name of old, and that of today where it is gone',
      files: {
        'docker-compose.yml': composeWith({
          more: conf`
              db:
                image: mariadb:11.4
                healthcheck:
                  test: mysqladmin ping -u root || mariadb-admin ping -u root
            volumes:
              unused:
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'curl in the image of nginx, and wget in that on Alpine',
      files: {
        'docker-compose.yml': composeWith({
          nginx: conf`
            healthcheck:
              test: ["CMD", "curl", "-f", "http://localhost/"]
          `,
          more: conf`
              edge:
                image: nginx:1.27-alpine
                healthcheck:
                  test: wget -q --spider http://localhost/ || curl -f http://localhost/
            volumes:
              unused:
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'curl in the image of Caddy',
      files: {
        'docker-compose.yml': conf`
          services:
            caddy:
              image: caddy:2-alpine
              ports: ["80:80"]
              healthcheck: { test: ["CMD", "curl", "-f", "http://localhost/"] }
        `,
      },
    },
    {
      title: 'programs of databases in images that have them',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              image: mariadb:10.11
              environment:
                MARIADB_ROOT_PASSWORD: a
              healthcheck:
                test: ["CMD", "mysqladmin", "ping"]
            new:
              image: mariadb:11
              environment:
                MARIADB_ROOT_PASSWORD: a
              healthcheck:
                test: ["CMD", "healthcheck.sh", "--connect"]
            docs:
              image: mongo:7
              healthcheck:
                test: mongosh --eval 'db.runCommand("ping").ok' --quiet
            main:
              image: postgres:16
              environment:
                POSTGRES_PASSWORD: a
              healthcheck:
                test: pg_isready -U postgres
        `,
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'curl that is installed',
      files: checked(
        '["CMD", "curl", "-f", "http://localhost:8000/"]',
        image('python:3.12-slim', 'RUN apt-get update && apt-get install -y --no-install-recommends curl'),
      ),
    },
    {
      title: 'curl in the whole image',
      files: checked('["CMD", "curl", "-f", "http://localhost:8000/"]', image('python:3.12')),
    },
    {
      title: 'wget of Alpine',
      files: checked('["CMD", "wget", "-q", "-O-", "http://localhost:8000/"]', image('node:22-alpine')),
    },
    {
      title: 'Python itself',
      files: checked(
        '["CMD", "python", "-c", "import urllib.request as r; r.urlopen(\'http://localhost:8000/\')"]',
        image('python:3.12-slim'),
      ),
    },
    {
      title: 'netcat that is installed',
      files: waiting(WAIT, 'python:3.12-slim', 'RUN apt-get update && apt-get install -y netcat-openbsd'),
    },
    { title: 'nc of Alpine', files: waiting(WAIT, 'python:3.12-alpine') },
    {
      title: 'only where it is there',
      files: waiting(`#!/bin/sh\nif command -v nc; then nc -z db 5432; fi\nexec "$@"\n`, 'python:3.12-slim'),
    },
    {
      title: 'a script that installs it',
      files: waiting(`#!/bin/sh\napk add --no-cache curl\ncurl -f http://db:8000/\n`, 'alpine:3.20'),
    },
    {
      title: 'a part of the script that somebody may call',
      files: waiting(`#!/bin/sh\ncheck() {\n  curl -f http://db:8000/\n}\n"$@"\n`, 'python:3.12-slim'),
    },
    {
      title: 'a health check that is switched off',
      files: checked('["NONE"]', image('python:3.12-slim')),
    },
    {
      title: 'a health check of the image that the service replaces',
      files: checked(
        '["CMD", "python", "-m", "shop.health"]',
        image('python:3.12-slim', 'HEALTHCHECK CMD curl -f http://localhost:8000/'),
      ),
    },
    {
      title: 'a build that runs a program of its own',
      files: checked(
        '["CMD", "curl", "-f", "http://localhost:8000/"]',
        image('python:3.12-slim', 'RUN python -m shop.unpack && /app/setup/install --all'),
      ),
    },
    {
      title: 'an image of somebody else',
      files: checked('["CMD", "curl", "-f", "http://localhost:8000/"]', image('example.org/base:slim')),
    },
    {
      title: 'a command that installs it',
      files: {
        'docker-compose.yml': composeWith({
          more: conf`
              fetcher:
                image: debian:bookworm-slim
                command:
                  - sh
                  - -c
                  - |
                    apt-get update
                    apt-get install -y curl
                    curl -f http://web:8000/
            volumes:
              unused:
          `,
        }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
  ],
  *check(deployment) {
    for (const run of [...runImages(deployment), ...looseImages(deployment)]) yield* startedBySupervisor(run)
    for (const started of [...startedIn(deployment), ...looseIn(deployment)]) {
      const lacking = lackingPrograms(started)
      if (lacking === null) continue
      const { reference } = started
      const healthcheck = healthCheck(started)
      for (const use of healthcheck === null ? [] : usedIn(healthcheck.words, healthcheck.shell, lacking))
        yield {
          at: use.at,
          message: `\`${reference}\` has no \`${use.name}\`, so the health check never succeeds: executable file not found`,
          label: 'not in the image',
        }
      for (const use of startedUses(started, lacking))
        yield {
          at: use.at,
          severity: 'error' as const,
          message: `\`${reference}\` has no \`${use.name}\`, which starts the container: ${use.name}: not found`,
          label: 'not in the image',
        }
    }
  },
})

/** Programs of an image that has supervisord as its first process. */
function* startedBySupervisor(run: RunImage): Iterable<RuleFinding> {
  const configuration = supervisorOfImage(run)
  const { reference, image, machine } = run
  const lacking =
    configuration === null
      ? null
      : lackingPrograms({ reference, image, service: machine.container?.service ?? null })
  if (configuration === null || lacking === null) return
  for (const { words, autostart, name } of configuration.programs) {
    const [first] = words ?? []
    if (first === undefined || !lacking.has(first.text)) continue
    if (autostart !== null && !(autostart.known && autostart.value)) continue
    yield {
      at: placeOf(first),
      severity: 'error',
      message: `\`${reference}\` has no \`${first.text}\`, so supervisord never starts \`${name}\`: can't find command`,
      label: 'not in the image',
    }
  }
}

interface Use {
  readonly name: string
  readonly at: Place
}

/** Steps that run a script, or install what is not named there. */
const SCRIPTED =
  /\.sh\b|xargs|(?:install|add)\b[^&;|]*(?:\$|`)|ansible|playwright|(?:^|[;&|(\n])\s*(?:\.{1,2}\/|\/(?!(?:usr\/)?s?bin\/))\S/

/** What changes a script, and starts none. */
const UNSTARTED = /(?<=^|&&|;|\n)\s*(?:chmod|chown|sed|dos2unix|touch|rm|mkdir)\b[^&;|\n]*/g

/** What surely is not in a container; null where the image is not known. */
function lackingPrograms(
  container: Pick<Started, 'reference' | 'image' | 'service'>,
): ReadonlySet<string> | null {
  const { reference: base, service, image } = container
  const [, names] = base === null ? [] : (LACKING.find(([pattern]) => pattern.test(base)) ?? [])
  if (names === undefined || service?.complete === false || copiesPrograms(container)) return null
  if (service !== null && service.build !== null && image === null) return null
  const steps = buildSteps(container)
  // A script, or a list of packages that stands elsewhere, may install anything.
  if (steps.some(step => SCRIPTED.test(step.replace(UNSTARTED, '')))) return null
  return new Set(names.filter(name => !steps.some(step => PROGRAMS[name]!.test(step))))
}

const WORD =
  /(?<=(?:^|[;&|(\n]|\b(?:while|until|if|do|then|else|exec|sh -c ["'])|!)[ \t]*)([a-z][\w-]*)(?=[ \t])/g

/** Where one of them stands for a command. */
function usedIn(words: readonly WrittenText[], shell: boolean, lacking: ReadonlySet<string>): readonly Use[] {
  const [first] = words
  if (first === undefined) return []
  if (!shell) return lacking.has(first.text) ? [{ name: first.text, at: placeOf(first) }] : []
  return usedInScript(first.text, lacking).map(({ name, start }) => ({
    name,
    at: placeOf(sliceWritten(first, start, start + name.length)),
  }))
}

function usedInScript(
  text: string,
  lacking: ReadonlySet<string>,
): readonly { name: string; start: number }[] {
  const found: { name: string; start: number }[] = []
  for (const { 0: match, 1: name = '', index } of text.matchAll(WORD)) {
    if (!lacking.has(name) || found.some(each => each.name === name)) continue
    if (new RegExp(`(?:command -v|which|type|hash)\\s+${name}\\b`).test(text)) continue
    // Another program is tried where the first is not there.
    if (/^[^\n;|]*\|\|\s*(?!exit\b|false\b|echo\b|kill\b|\{|\()[\w/-]/.test(text.slice(index + match.length)))
      continue
    found.push({ name, start: index + match.lastIndexOf(name) })
  }
  return found
}

const INSTALLS_OR_DEFINES =
  /\b(?:apk|apt|apt-get|yum|dnf|microdnf|pip3?|npm)\b[^\n]*\b(?:add|install|i)\b|^[ \t]*(?:function[ \t]+[\w:-]+|[\w:-]+[ \t]*\(\))/m

/** Those of the script that a container starts, and of a command that a shell reads. */
function startedUses(container: Started, lacking: ReadonlySet<string>): readonly Use[] {
  const words = startedWords(container)
  const { service, image, files } = container
  const [first, second, third] = words
  if (first === undefined) return []
  const isShell = /^(?:\/(?:usr\/)?bin\/)?(?:ba|da)?sh$/.test(first.text)
  if (isShell && /^-\w*c$/.test(second?.text ?? '') && third !== undefined)
    return INSTALLS_OR_DEFINES.test(third.text) ? [] : usedIn([third], true, lacking)
  const script = isShell ? second : first
  const directory = service?.workingDirectory ?? image?.workingDirectory ?? null
  if (script === undefined || (!script.text.startsWith('/') && directory?.known !== true)) return []
  if (!script.text.endsWith('.sh') && !script.text.includes('/')) return []
  const path = posix.resolve(directory?.known === true ? directory.value : '/', script.text)
  const read = files.kind(path) === 'file' ? files.read(path) : null
  if (read?.kind !== 'source') return []
  const { source } = read
  if (!/^#!.*\b(?:ba|da)?sh\b/.test(source.code) && !isShell) return []
  // One that installs what it needs, or of which each call runs a part, says nothing of what is missing.
  if (INSTALLS_OR_DEFINES.test(source.code)) return []
  const code = source.code.replace(/^[ \t]*#.*$/gm, line => ' '.repeat(line.length))
  return usedInScript(code, lacking).map(({ name, start }) => ({
    name,
    at: { source, start, end: start + name.length },
  }))
}
