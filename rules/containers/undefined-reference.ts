import { posix } from 'node:path'
import { isBelow } from './_mounted.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { once } from '../../parsers/collections/once.ts'
import { type ComposeProject, type ComposeService, saysWhatRuns } from '../../parsers/compose/compose.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Machine } from '../../src/deployment/model.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { composeProjects } from './_compose-projects.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isExcerpt } from '../_excerpts.ts'
import { composeWith, siteTo } from './_examples.ts'
import { isMerged, startedAlone } from './_merged-files.ts'

const tree = (parts: Parameters<typeof composeWith>[0]): Record<string, string> => ({
  'docker-compose.yml': composeWith(parts),
  'nginx/site.conf': siteTo('web:8000'),
})

const variant = (mount: string): Record<string, string> => ({
  'docker-compose.arm.yml': conf`
    services:
      shop:
        image: example/shop
        volumes:
          - ${mount}
          - logs:/var/log/shop
    volumes:
      logs:
  `,
  'site.conf': conf`
    server {
        listen 80;
        root /srv/www;
    }
  `,
})

const startedBeside = (volume: string): string => conf`
  services:
    shop:
      image: example/shop
      volumes:
        - data:/var/lib/shop
  volumes:
    ${volume}
`
const DEPLOYS = (files: string): string => conf`
  on: push
  jobs:
    deploy:
      runs-on: ubuntu-latest
      steps:
        - run: docker compose ${files} up --detach
`

export default defineRule({
  summary:
    'A service names a volume, a network, a secret, a service or a health check that the compose file does not have',
  severity: 'error',
  otherSeverities: {
    warning:
      'where the service is there, and only a profile starts it, and in a file of a manual, whose comment of dots stands for lines that are left out',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Compose checks all names before it starts anything: `service "web" refers to undefined volume static: invalid compose project`. None of the containers starts. A service that waits for another one to be healthy is not started, either, where that one has no health check.',
  remedy:
    'Declare the name at the top level of the file, below `volumes:` or `networks:`, and give a service that others wait for a `healthcheck`',
  references: [
    'https://docs.docker.com/reference/compose-file/volumes/',
    'https://docs.docker.com/reference/compose-file/networks/',
    'https://docs.docker.com/reference/compose-file/services/#depends_on',
  ],
  unproven: 'The live tests start no containers, and Compose refuses the file before any',
  bad: [
    {
      title: 'a file that a workflow starts alone, beside one that has the volume',
      files: {
        'docker-compose.yml': startedBeside('data:'),
        'docker-compose.deploy.yml': startedBeside('logs:').replace(
          'data:/var/lib/shop',
          '«data:/var/lib/shop»',
        ),
        '.github/workflows/deploy.yml': DEPLOYS('-f docker-compose.deploy.yml'),
      },
    },
    {
      title: 'a file of a manual, which leaves lines out',
      files: {
        'docker-compose.yml': conf`
          services:
            shop:
              image: example/shop:1
              volumes:
                - «data:/var/lib/shop»
              # ... other settings
        `,
      },
    },
    {
      title: 'a path without a dot in front, in a file for `-f`',
      files: {
        'docker-compose-tls.yml': conf`
          services:
            proxy:
              image: nginx:1.27
              volumes:
                - «nginx/nginx.conf:/etc/nginx/nginx.conf:ro»
        `,
      },
    },
    { title: 'a link to a service that has another name', files: tree({ nginx: 'links: [«shop:web»]' }) },
    {
      title: 'a volume, in a file for `-f` that declares its others',
      files: variant('«data:/var/lib/shop»'),
    },
    { title: 'a volume', files: tree({ web: 'volumes: ["«static:/app/static»"]' }) },
    {
      title: 'a volume of a template from which the file is made',
      files: {
        'docker-compose.tmpl.yml': conf`
          services:
            web:
              image: example/shop:{{ .Env.SHOP_VERSION }}
              volumes:
                - «shop:/var/shop»
            {{ if .Env.SHOP_CACHE }}
            cache:
              image: redis:7
            {{ end }}
        `,
      },
    },
    { title: 'a network', files: tree({ web: 'networks: [default, «inner»]' }) },
    { title: 'a service', files: tree({ web: 'depends_on: [«postgres»]' }) },
    { title: 'a secret', files: tree({ web: 'secrets: [«db_password»]' }) },
    {
      title: 'a service that only a profile starts',
      files: tree({
        web: 'depends_on: [«cache»]',
        more: conf`
            cache:
              image: redis:7
              profiles: [dev]
          volumes:
            unused:
        `,
      }),
    },
    { title: 'a command of the shell', files: tree({ web: 'volumes: ["«$(pwd):/app»"]' }) },
    {
      title: 'a volume, in one of many projects without a server',
      files: {
        'chat/docker-compose.yml': conf`
          services:
            chat:
              image: example/chat
              volumes: ["«chat-data:/data»"]
        `,
        'wiki/docker-compose.yml': conf`
          services:
            wiki:
              image: example/wiki
              volumes: ["wiki-data:/data"]
          volumes:
            wiki-data:
        `,
      },
    },
    {
      title: 'a network that a project beside it has, of which none is laid over the other',
      files: {
        'proxy/docker-compose.yml': conf`
          services:
            proxy:
              image: traefik:v3
              networks: [web]
          networks:
            web:
        `,
        'wiki/docker-compose.yml': conf`
          services:
            wiki:
              image: example/wiki
              networks: [«web»]
        `,
      },
    },
    {
      title: 'the health of a service that nothing checks',
      files: tree({
        nginx: conf`
          depends_on:
            cache:
              condition: «service_healthy»
        `,
        more: conf`
            cache:
              image: redis:7
          volumes:
            unused:
        `,
      }),
    },
  ],
  good: [
    {
      title: 'a file that a workflow lays over another one',
      files: {
        'docker-compose.yml': startedBeside('data:'),
        'docker-compose.deploy.yml': startedBeside('logs:'),
        '.github/workflows/deploy.yml': DEPLOYS('-f docker-compose.yml -f docker-compose.deploy.yml'),
      },
    },
    {
      title: 'a volume that docker run makes',
      files: {
        'deploy.sh':
          'docker run -d --name web --network shop -v static:/app/static registry.example.org/shop:1.4\n',
      },
    },
    {
      title: 'a volume that DDEV declares in the file that it makes',
      files: {
        '.ddev/config.yaml': 'name: shop\ntype: drupal\n',
        '.ddev/docker-compose.redis.yaml': conf`
          services:
            redis:
              image: redis:7
              volumes:
                - ddev-global-cache:/mnt/ddev-global-cache
                - redis:/data
          volumes:
            redis:
        `,
      },
    },
    {
      title: 'a volume that the first file declares',
      files: {
        ...variant('data:/var/lib/shop'),
        'docker-compose.yml': conf`
          services:
            shop:
              image: example/shop
          volumes:
            data:
        `,
      },
    },
    {
      title: 'paths by a dot, by a variable and from the home directory, in a file for `-f`',
      files: {
        'docker-compose-tls.yml': conf`
          services:
            proxy:
              image: nginx:1.27
              volumes:
                - ./nginx/nginx.conf:/etc/nginx/nginx.conf:ro
                - \${FILES}/nginx:/srv
                - ~/certificates:/etc/nginx/certificates
                - type: bind
                  source: nginx/pages
                  target: /pages
        `,
      },
    },
    {
      title: 'a service that need not be there, of which nothing checks the health',
      files: tree({
        web: 'depends_on: { cache: { condition: service_healthy, required: false } }',
        more: conf`
            cache:
              image: redis:7
              profiles: [dev]
          volumes:
            unused:
        `,
      }),
    },
    {
      title: 'a file for Rancher',
      files: tree({
        web: [
          'volumes: ["static:/app/static"]',
          '  labels:',
          '    io.rancher.container.pull_image: always',
        ].join('\n'),
      }),
    },
    {
      title: 'the default of a variable that a script may set',
      files: tree({ web: 'volumes: ["${SHOP_DATA:-shop_data}:/data"]' }),
    },
    {
      title: 'a secret that a file has which is to be copied',
      files: {
        ...tree({ web: 'secrets: [db_password]' }),
        'docker-compose.override.yml.example': conf`
          secrets:
            db_password:
              file: ./db_password
        `,
      },
    },
    {
      title: 'projects that a script puts together with one of which nobody knows, as each lacks the same',
      files: {
        ...tree({}),
        'extras/mail/docker-compose.yml': conf`
          services:
            mail:
              image: example/mail
              depends_on: [shop]
        `,
        'extras/chat/docker-compose.yml': conf`
          services:
            chat:
              image: example/chat
              depends_on: [shop]
        `,
      },
    },
    {
      title:
        'the health of services that their image, the compose file or an image of somebody else may check',
      files: {
        ...tree({
          nginx: conf`
            depends_on:
              web:
                condition: service_healthy
              cache:
                condition: service_healthy
              other:
                condition: service_healthy
          `,
          more: conf`
              cache:
                image: redis:7
                healthcheck:
                  test: ["CMD", "redis-cli", "ping"]
              other:
                image: example/other
            volumes:
              unused:
          `,
        }),
        'web/Dockerfile': conf`
          FROM python:3.12
          HEALTHCHECK CMD python -c "import urllib.request as r; r.urlopen('http://localhost:8000/')"
        `,
      },
    },
    {
      title: 'services that only a profile starts',
      files: {
        '.env': 'COMPOSE_PROFILES=dev,prod',
        ...tree({
          web: conf`
            depends_on:
              cache:
                condition: service_started
              debug:
                condition: service_started
                required: false
          `,
          more: conf`
              cache:
                image: redis:7
                profiles: [dev]
              debug:
                image: redis:7
                profiles: [debug]
              worker:
                image: redis:7
                profiles: [debug]
                depends_on: [debug]
            volumes:
              unused:
          `,
        }),
      },
    },
    {
      title: 'a part that is laid over another by the command',
      files: {
        'deploy/docker-compose.yml': composeWith(),
        'nginx/site.conf': siteTo('127.0.0.1:8000'),
        'scanner/docker-compose.yml': conf`
          services:
            scanner:
              image: registry.example.org/scanner
              depends_on: [web]
              volumes: ["logs:/var/log/shop"]
        `,
      },
    },
    {
      title: 'a network of a project beside it, which a script gives with it',
      files: {
        'up.sh': conf`
          docker compose -f proxy/docker-compose.yml -f wiki/docker-compose.yml up -d
        `,
        'proxy/docker-compose.yml': conf`
          services:
            proxy:
              image: traefik:v3
              networks: [web]
          networks:
            web:
        `,
        'wiki/docker-compose.yml': conf`
          services:
            wiki:
              image: example/wiki
              networks: [web]
        `,
      },
    },
    {
      title: 'declared',
      files: tree({
        web: conf`
          volumes: ["static:/app/static"]
          networks: [default, inner]
          depends_on: [db]
        `,
        more: conf`
            db:
              image: postgres:16
          volumes:
            static:
          networks:
            inner:
        `,
      }),
    },
    { title: 'a directory', files: tree({ web: 'volumes: ["./static:/app/static", "/app/cache"]' }) },
    { title: 'a name of the environment', files: tree({ web: 'volumes: ["${STATIC}:/app/static"]' }) },
    {
      title: 'a word that a script replaces by a path',
      files: {
        ...tree({ web: 'volumes: ["STATIC_DIR:/app/static"]' }),
        'up.sh': conf`
          sed -i "s#STATIC_DIR#$HOME/static#" docker-compose.yml
          docker compose up -d
        `,
      },
    },
    {
      title: 'a file that `-f` lays beside this one has it',
      files: {
        ...tree({ web: 'depends_on: [postgres]' }),
        'docker-compose.postgres.yml': conf`
          services:
            postgres:
              image: postgres:16
        `,
      },
    },
    {
      title: 'a file above it has the network, and no service',
      files: {
        'compose.yml': conf`
          networks:
            inner:
        `,
        'web/docker-compose.yml': composeWith({ web: 'networks: [inner]' }),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a service that runs nothing by itself',
      files: tree({
        web: 'depends_on: [postgres]',
        more: conf`
            debug:
              environment:
                DEBUG: "1"
          volumes:
            unused:
        `,
      }),
    },
  ],
  *check(deployment) {
    const { machines, nginx, apache } = deployment
    const hasServer = nginx.length + apache.length > 0
    const alone = once(() => [...startedAlone([...(deployment.setups() ?? []), ...deployment.guides()])])
    for (const { project, projects, hostFiles } of composeProjects(deployment)) {
      // Docker makes the volumes that a command names.
      if (project.startedBy !== 'compose') continue
      if (!project.legacy) yield* pathsWithoutDot(project)
      if (!project.complete || project.legacy || !isWhole(project) || waitsForOverride(project, hostFiles))
        continue
      if (isOfDdev(project)) continue
      const path = project.sources[0]?.path ?? ''
      const isMain = MAIN_FILE.test(path)
      const isAlone = !isMain && alone().some(name => path.endsWith(`/${name}`))
      const found = [...project.services.values()]
        .flatMap(service => (service.complete ? [...undefinedOf(service, project)] : []))
        // A file of another name may be one of several `-f`: of them all, one has to declare a volume.
        .filter(({ kind }) => isMain || isAlone || kind === 'volume')
      if (!isAlone && found.some(missing => isDefinedNear(missing, project, projects))) continue
      // Beside others, one without a server may be a part that `-f` lays over them.
      const isPart =
        !isAlone &&
        ((!hasServer && isNamedByMerged(found, project, projects, hostFiles)) ||
          isMissedByAny(found, project, projects))
      if (isPart) continue
      for (const { at, service, name } of isMain ? unhealthyIn(project, machines) : [])
        yield {
          at,
          message: `nothing checks the health of \`${name}\`, so \`${service}\` is never started: container has no healthcheck configured`,
          label: 'no health check',
          help: `Give \`${name}\` a \`healthcheck\`, or write \`condition: service_started\``,
        }
      if (isMain) yield* disabledIn(project)
      for (const { at, kind, name, service } of found)
        yield {
          at,
          message:
            kind === 'service'
              ? `service "${service}" depends on undefined service "${name}": invalid compose project`
              : `service "${service}" refers to undefined ${kind} ${name}, which makes an invalid compose project`,
          label: `no such ${kind}`,
          // The lines that a manual leaves out may declare it.
          ...(isExcerpt(at.source) && { severity: 'warning' as const, confidence: 'medium' as const }),
        }
    }
  },
})

/**
 * False for files that are laid over others by `-f`: by a service that runs nothing, or by a name that is not the first
 * one's without volumes of its own; and for those of Rancher, which makes what is not declared.
 */
function isWhole({ sources: [main], services, volumes }: ComposeProject): boolean {
  const all = [...services.values()]
  return (
    main !== undefined &&
    (MAIN_FILE.test(main.path) || (OTHER_FILE.test(main.path) && volumes.size > 0)) &&
    // Lines that a template brings from elsewhere may declare anything.
    (!main.template || (main.gaps.length === 0 && /\{[{%]|<%/.test(main.text))) &&
    all.every(service => saysWhatRuns(service) || !service.complete) &&
    !all.some(({ labels }) => labels.some(({ name }) => name.startsWith('io.rancher.')))
  )
}

/** True for a file of DDEV, which lays all of them over one that it makes, with volumes, networks and services of its own. */
function isOfDdev({ directory }: ComposeProject): boolean {
  return posix.basename(directory) === '.ddev'
}

/** The file that Compose reads by itself, or the template that it is made from. */
const MAIN_FILE =
  /(?:^|\/)(?:docker-)?compose(?:\.(?:tmpl|tpl|template))?\.ya?ml(?:\.(?:j2|tmpl|tpl|template))?$/

/** One of several, such as `docker-compose.prod.yml`, which may stand alone or be laid over another by `-f`. */
const OTHER_FILE = /(?:^|\/)(?:docker-)?compose[.-][\w.-]+\.ya?ml$/

/** True where the file that goes with it by itself is there to be copied: `compose.override.yaml.example`. */
function waitsForOverride({ directory }: ComposeProject, files: FileSystem): boolean {
  return (files.list(directory) ?? []).some(({ name }) => /^(?:docker-)?compose\.override\b/.test(name))
}

interface Missing {
  readonly at: Place
  readonly kind: 'volume' | 'network' | 'service' | 'secret' | 'config'
  readonly name: string
  readonly service: string
}

/**
 * True where a compose file of the same directory has the name, or one above or below a network or volume: both may
 * be given by `-f`.
 */
function isDefinedNear(
  { kind, name }: Missing,
  project: ComposeProject,
  projects: readonly ComposeProject[],
): boolean {
  return projects.some(
    other =>
      other !== project &&
      (other.directory === project.directory ||
        (kind !== 'service' &&
          (isBelow(other.directory, project.directory) || isBelow(project.directory, other.directory)))) &&
      other[`${kind}s`].has(name),
  )
}

/**
 * True where a file of any other directory has one of the names, and may be the first of several `-f`: by a service, for
 * which nobody else would wait, or by what else is declared where some script is seen to give several.
 */
function isNamedByMerged(
  found: readonly Missing[],
  project: ComposeProject,
  projects: readonly ComposeProject[],
  files: FileSystem,
): boolean {
  return found.some(({ kind, name }) =>
    projects.some(
      other =>
        other !== project &&
        other[`${kind}s`].has(name) &&
        (kind === 'service' || isMerged(files, project.directory) || isMerged(files, other.directory)),
    ),
  )
}

/** True where a project of another directory lacks one of the names, too: both may be parts of a third. */
function isMissedByAny(
  found: readonly Missing[],
  project: ComposeProject,
  projects: readonly ComposeProject[],
): boolean {
  return found.some(missing =>
    projects.some(other => other.directory !== project.directory && missingNames(other).has(keyOf(missing))),
  )
}

const missingNames = memo(
  (project: ComposeProject): ReadonlySet<string> =>
    new Set(
      [...project.services.values()].flatMap(service =>
        service.complete ? [...undefinedOf(service, project)].map(keyOf) : [],
      ),
    ),
)

function keyOf({ kind, name }: Missing): string {
  return `${kind} ${name}`
}

function* undefinedOf(
  service: ComposeService,
  { volumes, networks, services, secrets, configs }: ComposeProject,
): Generator<Missing> {
  const named = (fact: Fact<string> | null): string | null => (fact?.known === true ? fact.value : null)
  const missing = (at: Place, kind: Missing['kind'], name: string): Missing => ({
    at,
    kind,
    name,
    service: service.name,
  })
  for (const { at, kind, source } of service.volumes) {
    const written = placeText(at)
    // Compose starts no shell: of `$(pwd)` it makes the name of a volume.
    if (/^\$\([a-z]\w*\)[^:]*:/.test(written)) yield missing(at, 'volume', written.replace(/:.*/s, ''))
    const name = kind === 'volume' ? named(source) : null
    if (name === null || volumes.has(name) || written.includes('$') || isDefault(at)) continue
    // A word in capitals stands for a path that a script puts there.
    if (!/^_*[A-Z][A-Z0-9_]*$/.test(name)) yield missing(at, 'volume', name)
  }
  for (const { at, network } of service.networks ?? []) {
    const name = named(network)
    if (name !== null && name !== 'default' && !networks.has(name)) yield missing(at, 'network', name)
  }
  for (const reference of service.dependsOn) {
    const name = named(reference.service)
    if (name !== null && !services.has(name)) yield missing(reference.at, 'service', name)
  }
  // Compose starts a service after those that it links to.
  for (const { at, target } of service.links) {
    const name = named(target)
    if (name !== null && !services.has(name)) yield missing(at, 'service', name)
  }
  for (const { at, source } of service.secrets) {
    const name = named(source)
    if (name !== null && !secrets.has(name)) yield missing(at, 'secret', name)
  }
  for (const { at, source } of service.configs) {
    const name = named(source)
    if (name !== null && !configs.has(name)) yield missing(at, 'config', name)
  }
}

/** Paths that Compose takes for names of volumes, which no other file can declare: a name has no slash. */
function* pathsWithoutDot({ services }: ComposeProject): Iterable<RuleFinding> {
  for (const service of services.values())
    for (const { at, kind, source } of service.volumes) {
      if (kind !== 'unknown' || source?.known !== true || !PATH_IN_FRONT.test(source.value)) continue
      if (/[$%{}<>\\]/.test(placeText(at)) || isDefault(at)) continue
      yield {
        at,
        message: `service "${service.name}" refers to undefined volume ${source.value}, which makes an invalid compose project`,
        label: 'no such volume',
        help: `Write \`./${source.value}\`, which is a path`,
      }
    }
}

const PATH_IN_FRONT = /^\w[\w.-]*\//

/** True inside of `${NAME:-…}`: a script that starts the project may set the variable. */
function isDefault({ source: { code }, start }: Place): boolean {
  return /\$\{[^}]*$/.test(code.slice(code.lastIndexOf('\n', start) + 1, start))
}

/** Services that are always started, and need one that a profile alone starts. */
function* disabledIn({ services, enabledProfiles }: ComposeProject): Iterable<RuleFinding> {
  for (const { name, dependsOn, profiles, complete } of services.values()) {
    if (profiles.length > 0 || !complete) continue
    for (const { at, service, required } of dependsOn) {
      const other = service.known ? services.get(service.value) : undefined
      if (other === undefined || !required || other.profiles.length === 0) continue
      const names = other.profiles.map(profile => (profile.known ? profile.value : null))
      if (enabledProfiles.has('*') || names.some(each => each === null || enabledProfiles.has(each))) continue
      const [first] = other.profiles
      yield {
        at,
        severity: 'warning' as const,
        message: `\`docker compose up\` starts nothing without this profile: service "${other.name}" is required by "${name}" but is disabled`,
        label: `of the profile ${names.join(' or ')}`,
        related: first?.at == null ? [] : [{ at: first.at, message: 'started with this profile alone' }],
        help: 'Take the profile away, give it to both, or write `required: false`',
      }
    }
  }
}

/** Official images, none of which has a health check of its own. */
const UNCHECKED =
  /^(?:nginx|httpd|node|python|php|ruby|golang|rust|openjdk|eclipse-temurin|tomcat|alpine|debian|ubuntu|busybox|redis|valkey\/valkey|postgres|mysql|mariadb|mongo|memcached|rabbitmq|caddy|traefik|wordpress|phpmyadmin|gcr\.io\/distroless\/[\w-]+)(?=[:@]|$)/

/** Services that wait for the health of others that nothing checks. */
function* unhealthyIn(
  { services }: ComposeProject,
  machines: readonly Machine[],
): Iterable<{ readonly at: Place; readonly service: string; readonly name: string }> {
  for (const { name: service, dependsOn } of services.values()) {
    for (const { service: other, condition, required } of dependsOn) {
      if (!required || !other.known || condition?.known !== true || condition.value !== 'service_healthy')
        continue
      if (condition.at === null || !services.has(other.value)) continue
      const container = machines.find(
        each => each.container?.service === services.get(other.value),
      )?.container
      if (container != null && isUnchecked(container)) yield { at: condition.at, service, name: other.value }
    }
  }
}

function isUnchecked({ service, image, reference, projects }: Container): boolean {
  if (!service.complete || service.healthcheck !== null || !UNCHECKED.test(reference ?? '')) return false
  if (service.build !== null && image === null) return false
  if (image !== null && image.healthcheck !== null) return false
  return projects.every(({ services }) => (services.get(service.name)?.healthcheck ?? null) === null)
}
