import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { posix } from 'node:path'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { nginxVariable } from '../../src/servers/nginx/directives.ts'
import { siteTo } from './_examples.ts'
import { type RunImage, runImages } from './_images.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

const compose = (volume: string, more = ''): string => conf`
  services:
    web:
      image: nginx:1.27
      environment:
        APP_PORT: "8000"
      volumes:
        - ${volume}
      ${more}
    app:
      image: example/app
      command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
`
const FILE = './site.conf:/etc/nginx/conf.d/default.conf:ro'
const TEMPLATES = './templates:/etc/nginx/templates:ro'
/** A template that includes a file of another place, and a script that the image runs before nginx. */
const withPart = (part: string, script: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        environment:
          DOMAIN: example.org
        volumes:
          - ${TEMPLATES}
          - ./nginx/part:/etc/nginx/parts/name
          - ./reload.sh:/docker-entrypoint.d/90-reload.sh
  `,
  'templates/default.conf.template': conf`
    server {
        listen 80;
        include /etc/nginx/parts/name;
        location / {
            proxy_pass http://\${DOMAIN}:8000;
        }
    }
  `,
  'nginx/part': `${part}\n`,
  'reload.sh': `#!/bin/sh\n${script}\n`,
})

export default defineRule({
  summary: 'A variable of the environment stands where nothing fills it in',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx reads no variables of the environment: of `${APP_PORT}` it says `unknown "app_port" variable`, and of one in `listen` that the host is not found. Its image fills in the files of `/etc/nginx/templates`, and those names alone that stand between the braces: `envsubst` knows no defaults, so `${APP_PORT:-8000}` stays as it is, and so does one that the container is not given.',
  remedy:
    'Put the file as `….conf.template` into `/etc/nginx/templates`, write `${NAME}` there, and give the default in the environment',
  references: [
    'https://hub.docker.com/_/nginx',
    'https://www.gnu.org/software/gettext/manual/gettext.html#envsubst-Invocation',
  ],
  bad: [
    {
      title: 'a part that a site includes, beside a script of the start that does something else',
      files: withPart('server_name «${DOMAIN}»;', 'while sleep 6h; do nginx -s reload; done &'),
    },
    {
      title: 'a file that nginx reads as it is',
      files: { 'docker-compose.yml': compose(FILE), 'site.conf': siteTo('app:«${APP_PORT}»') },
    },
    {
      title: 'a default in a template',
      files: {
        'docker-compose.yml': compose(TEMPLATES),
        'templates/default.conf.template': siteTo('app:«${APP_PORT:-8000}»'),
      },
    },
    {
      title: 'a template with a variable that the container does not have',
      files: {
        'docker-compose.yml': compose(TEMPLATES),
        'templates/default.conf.template': siteTo('app:«${PORT}»'),
      },
    },
    {
      title: 'a template beside a file of variables that calls it otherwise',
      files: {
        'docker-compose.yml': compose(TEMPLATES, 'env_file: [.env.nginx]'),
        'templates/default.conf.template': siteTo('app:«${PORT}»'),
        '.env.nginx': 'APP_PORT=8000\n',
      },
    },
    {
      title: 'a port to listen on, in an image of its own',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/default.conf
        `,
        'site.conf': conf`
          server {
              listen «\${PORT}»;
              server_name example.org;
              root /usr/share/nginx/html;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'a part of a site that a script of the start fills in',
      files: withPart('server_name ${DOMAIN};', 'envsubst < /etc/nginx/parts/name > /tmp/name'),
    },
    {
      title: 'the port itself',
      files: { 'docker-compose.yml': compose(FILE), 'site.conf': siteTo('app:8000') },
    },
    {
      title: 'a template with variables of a file, and of the build',
      files: {
        'docker-compose.yml': compose(TEMPLATES, 'env_file: [.env.nginx]'),
        'templates/default.conf.template': siteTo('app:${PORT}'),
      },
    },
    {
      title: 'a template with a variable of a file that is here',
      files: {
        'docker-compose.yml': compose(TEMPLATES, 'env_file: [.env.nginx]'),
        'templates/default.conf.template': siteTo('app:${PORT}'),
        '.env.nginx': 'PORT=8000\n',
      },
    },
    {
      title: 'a template with variables of the image',
      files: {
        'docker-compose.yml': compose(TEMPLATES).replace('image: nginx:1.27', 'build: .'),
        Dockerfile: conf`
          FROM nginx:1.27
          ENV PORT=8000
        `,
        'templates/default.conf.template': siteTo('app:${PORT}'),
      },
    },
    {
      title: 'a template with a variable of another compose file',
      files: {
        'docker-compose.yml': compose(TEMPLATES),
        'docker-compose.prod.yml': conf`
          services:
            web:
              environment:
                - PORT
        `,
        'templates/default.conf.template': siteTo('app:${PORT}'),
      },
    },
    {
      title: 'a template without a default',
      files: {
        'docker-compose.yml': compose(TEMPLATES),
        'templates/default.conf.template': siteTo('app:${APP_PORT}'),
      },
    },
    {
      title: 'a variable that the file sets, one of nginx in capitals, and a comment',
      files: {
        'docker-compose.yml': compose(FILE),
        'site.conf': siteTo(
          'app:8000',
          conf`
            set $UPSTREAM_NAME app;
            # proxy_pass http://\${BACKEND};
            proxy_set_header X-Upstream $UPSTREAM_NAME;
            proxy_set_header X-Host $HTTP_HOST;
          `,
        ),
      },
    },
    {
      title: 'a command that fills it in',
      files: {
        'docker-compose.yml': compose(
          FILE,
          `command: ["sh", "-c", "sed -i s/_PORT_/80/ /etc/nginx/conf.d/default.conf && nginx -g 'daemon off;'"]`,
        ),
        'site.conf': siteTo('app:${APP_PORT}'),
      },
    },
    {
      title: 'a script of the image that fills it in',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY 40-port.sh /docker-entrypoint.d/
          COPY site.conf /etc/nginx/conf.d/default.conf
        `,
        'site.conf': siteTo('app:${APP_PORT}'),
        '40-port.sh': 'sed -i "s/\\${APP_PORT}/$APP_PORT/" /etc/nginx/conf.d/default.conf\n',
      },
    },
  ],
  *check(deployment) {
    const included = includedPaths(deployment)
    for (const run of runImages(deployment)) {
      const { base, command, machine, mounts, files } = run
      if (!isNginxImage(base) || command === undefined || isFilledElsewhere(run)) continue
      const seen = new Set<Source>()
      for (const { target, path, at } of mounts) {
        if (path === null) continue
        for (const { source, place } of filesAt(files, path, target, included)) {
          const isTemplate = TEMPLATE.test(place)
          if (seen.has(source)) continue
          seen.add(source)
          const found = isTemplate ? defaultIn(source) : unfilledIn(source)
          if (found === null) {
            const missing = isTemplate ? missingIn(source, run) : null
            if (missing !== null)
              yield {
                at: missing.at,
                message: `the environment of the container has no \`${missing.name}\`, so \`${missing.text}\` stays as it is, and nginx takes it for a variable of its own: unknown "${missing.name.toLowerCase()}" variable`,
                label: 'stays as it is',
                related: [{ at: machine.container?.service.at ?? at, message: 'the container' }],
                help: `Set \`${missing.name}\` in \`environment\``,
              }
            continue
          }
          const { text } = found
          const isSet = givenVariables(machine.container?.service).some(({ name }) => name === found.name)
          yield {
            at: found.at,
            message: isTemplate
              ? `\`envsubst\` knows no defaults, so \`${text}\` stays as it is${isSet ? ', although it is set' : ''}`
              : `nginx reads no variables of the environment, and this file as it is: nothing fills in \`${text}\``,
            label: 'stays as it is',
            related: [{ at, message: isTemplate ? 'the templates' : 'read as it is' }],
            help: isTemplate
              ? `Write \`\${${found.name}}\`, and set the default in the environment`
              : 'Place it in `/etc/nginx/templates`, with the ending `.template`',
          }
        }
      }
    }
  },
})

const TEMPLATE = /^\/etc\/nginx\/templates\/.+\.template$/
const READ = /^\/etc\/nginx\/(?:nginx\.conf|conf\.d\/[^/]+\.conf)$/
/** More files than a person mounts. */
const MOST_FILES = 50

/** Files of nginx that some configuration includes by their whole path, whatever they are called. */
const includedPaths = memo(
  ({ machines }: Deployment): ReadonlySet<string> =>
    new Set(
      machines
        .flatMap(({ programs }) => programs)
        .flatMap(program =>
          program.kind === 'nginx' ? (program.configuration.occurrences.get('include') ?? []) : [],
        )
        .flatMap(({ args }) => args[0]?.value ?? [])
        .filter(path => path.startsWith('/etc/nginx/')),
    ),
)

/** The files that a mount or copy brings to a place at which nginx or its start reads them, those of a directory too. */
function* filesAt(
  files: FileSystem,
  path: string,
  target: string,
  included: ReadonlySet<string>,
): Iterable<{ readonly source: Source; readonly place: string }> {
  if (files.kind(path) === 'directory') {
    for (const { name, kind } of (files.list(path) ?? []).slice(0, MOST_FILES))
      if (kind === 'file') yield* filesAt(files, posix.join(path, name), posix.join(target, name), included)
    return
  }
  if (!TEMPLATE.test(target) && !READ.test(target) && !included.has(target)) return
  const read = files.read(path)
  if (read.kind === 'source') yield { source: read.source, place: target }
}

const FILLS =
  /envsubst|\b(?:sed|perl|awk|gomplate|confd|dockerize|envtpl|j2|jinja2?|ruby|python3?|cat|tee|mv)\b/

/** True where the command, a step of the build or a script of the start may write the files anew. */
function isFilledElsewhere({ command, image, mounts, machine, files }: RunImage): boolean {
  const environment = givenVariables(machine.container?.service)
  return (
    FILLS.test(command?.words.join(' ') ?? '') ||
    mounts.some(({ target, path }) =>
      /^\/docker-entrypoint\.d\/./.test(target)
        ? FILLS.test((path === null ? null : sourceAt(files, path))?.text ?? 'sed')
        : /^\/docker-entrypoint\.d\/?$|^\/(?:etc|etc\/nginx)$/.test(target),
    ) ||
    environment.some(({ name }) => name.startsWith('NGINX_ENVSUBST_')) ||
    (image !== null && stepsFill(image))
  )
}

function stepsFill({ steps }: DockerImage): boolean {
  return steps.some(step => {
    if (!('command' in step)) return 'target' in step && !step.target.known
    const { command } = step
    return FILLS.test(commandText(command))
  })
}

interface Found {
  readonly text: string
  readonly name: string
  readonly at: Place
}

/** The first variable with a default, outside of comments. */
function defaultIn(source: Source): Found | null {
  return firstOf(source, /\$\{([A-Za-z_]\w*):?[-=?+][^}\n]*\}/g, () => true)
}

/** The first variable in capitals that neither nginx nor the file knows, outside of comments. */
function unfilledIn(source: Source): Found | null {
  const own = definedIn(source)
  return firstOf(
    source,
    /\$\{([A-Z][A-Z0-9_]+)(?::?[-=?+][^}\n]*)?\}/g,
    name => nginxVariable('http', name.toLowerCase()) === null && !own.has(name.toLowerCase()),
  )
}

/** What nginx's own image sets, and every container has. */
const ALWAYS =
  /^(?:NGINX_(?:VERSION|LOCAL_RESOLVERS|ENTRYPOINT_\w+)|NJS_(?:VERSION|RELEASE)|PKG_RELEASE|DYNPKG_RELEASE|ACME_VERSION|PATH|HOSTNAME|HOME|PWD|SHLVL|TERM|OLDPWD|_)$/

/** The first variable of a template that the whole environment of its container does not have. */
function missingIn(source: Source, { machine: { container }, image, reference }: RunImage): Found | null {
  if (container === null) return null
  const { service, project, projects, hostFiles } = container
  const own = serviceVariables(service, hostFiles)
  if (!own.complete || !project.complete || (service.build !== null && image === null)) return null
  if (!/^nginx(?::|$)|^nginxinc\/nginx-unprivileged/.test(reference ?? '')) return null
  const set = new Set([
    ...[...(image?.environment ?? []), ...(image?.stage.args ?? [])].map(({ name }) => name),
  ])
  for (const { services } of projects) {
    const same = services.get(service.name)
    if (same === undefined) continue
    const given = serviceVariables(same, hostFiles)
    if (!given.complete) return null
    for (const { name } of given.variables) set.add(name)
  }
  for (const { name } of own.variables) set.add(name)
  const defined = definedIn(source)
  return firstOf(
    source,
    /\$\{([A-Z][A-Z0-9_]+)\}/g,
    name =>
      !set.has(name) &&
      !ALWAYS.test(name) &&
      nginxVariable('http', name.toLowerCase()) === null &&
      !defined.has(name.toLowerCase()),
  )
}

/** The variables that a file gives values to, in small letters: nginx tells no case. */
function definedIn({ text }: Source): ReadonlySet<string> {
  const lines = text.matchAll(/^[ \t]*(?:\w+_set|set|map|geo|split_clients)\b.*|\(\?P?<\w+>/gm)
  return new Set([...lines].flatMap(([line]) => line.toLowerCase().match(/\w+/g) ?? []))
}

function firstOf(source: Source, pattern: RegExp, isFault: (name: string) => boolean): Found | null {
  for (const match of source.text.matchAll(pattern)) {
    const [text, name = ''] = match
    const line = source.text.lastIndexOf('\n', match.index) + 1
    // Of a text in another file the rest is blank.
    if (source.code.slice(match.index, match.index + text.length).trim() === '') continue
    if (/^\s*#|\s#\s/.test(source.text.slice(line, match.index)) || !isFault(name)) continue
    return { text, name, at: { source, start: match.index, end: match.index + text.length } }
  }
  return null
}
