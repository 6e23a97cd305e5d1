import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { ContainerMount } from '../../src/deployment/containers/container.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { posix } from 'node:path'
import { commandText, withoutModes } from '../../parsers/dockerfile/command-text.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'
import { movesTemplates, type RunImage, runImages, startedText, targetPlace } from './_images.ts'
import { buildSteps } from './_started-words.ts'
import { ofApache } from './_sites-of-apache-image.ts'

const mounted = (target: string, site = siteTo('web:8000')): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace(
    './nginx/site.conf:/etc/nginx/conf.d/default.conf:ro',
    `./nginx/site.conf:${target}:ro`,
  ),
  'nginx/site.conf': site,
})
const built = (lines: string): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace(
    /image: nginx:1\.27\n([\s\S]*?) +volumes:\n.*\n/,
    (_, ports: string) => `build: ./nginx\n${ports}`,
  ),
  'nginx/site.conf': siteTo('web:8000'),
  'nginx/Dockerfile': conf`
    FROM nginx:1.27-alpine
    ${lines}
  `,
})
const TEMPLATE = './nginx/site.conf:/etc/nginx/templates/default.conf.template:ro'
const rendered = (nginx: string, more = ''): Record<string, string> => ({
  'docker-compose.yml': composeWith({ nginx }).replace(
    './nginx/site.conf:/etc/nginx/conf.d/default.conf:ro',
    `${TEMPLATE}${more}`,
  ),
  'nginx/site.conf': siteTo('web:8000').replace('example.org', '${SITE}'),
})
const alpine = (target: string, steps = ''): Record<string, string> => ({
  'docker-compose.yml': composeWith().replace(
    /image: nginx:1\.27\n([\s\S]*?) +volumes:\n.*\n/,
    (_, ports: string) => `build: ./nginx\n${ports}`,
  ),
  'nginx/site.conf': siteTo('web:8000'),
  'nginx/Dockerfile': conf`
    FROM alpine:3.20
    RUN apk add --no-cache nginx
    «COPY» site.conf ${target}
    ${steps}
    CMD ["nginx", "-g", "daemon off;"]
  `,
})

const apacheImage = (dockerfile: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        ports: ["80:80"]
  `,
  Dockerfile: dockerfile,
  'site.conf': conf`
    <VirtualHost *:80>
        ServerName example.org
        DocumentRoot /srv/www
    </VirtualHost>
  `,
})

export default defineRule({
  summary: 'A site is put where the image of nginx or Apache does not read it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The `nginx.conf` of the official image has one line for sites: `include /etc/nginx/conf.d/*.conf;`. `sites-enabled` and `sites-available` are Debian’s own, and a file without `.conf` is not read. Of `/etc/nginx/templates` the image makes files of `conf.d`: of those named `….template` alone, where it may write there, and only if the command that it starts is `nginx` itself. The nginx of Alpine’s own package has its sites in `/etc/nginx/http.d/*.conf`; it includes `conf.d` outside of `http`, where `server` is not allowed. Otherwise nginx starts, and answers with `Welcome to nginx!` or 404.',
  remedy: 'Put the file at `/etc/nginx/conf.d/default.conf`, whose place it takes',
  references: [
    'https://hub.docker.com/_/nginx',
    'https://github.com/nginx/pkg-oss/blob/master/debian/nginx.conf',
  ],
  bad: [
    {
      title: 'a site beside those of the image of Apache',
      files: apacheImage(conf`
        FROM httpd:2.4
        «COPY» site.conf /usr/local/apache2/conf/extra/site.conf
      `),
    },
    {
      title: 'a build that turns modules on in the main file, and includes nothing',
      files: apacheImage(conf`
        FROM httpd:2.4
        RUN sed -i -e 's/^#\(LoadModule proxy_module\)/\1/' -e '/^#LoadModule .*mod_proxy_http.so/s/^#//' conf/httpd.conf \
            && echo "ServerName example.org" >> conf/httpd.conf
        «COPY» site.conf /usr/local/apache2/conf/extra/httpd-vhosts.conf
      `),
    },
    {
      title: 'a site of Debian beside the image of Apache',
      files: apacheImage(conf`
        FROM httpd:2.4.62
        «COPY» site.conf /etc/apache2/sites-enabled/site.conf
      `),
    },
    {
      title: 'a site of Apache that is not enabled',
      files: apacheImage(conf`
        FROM php:8.3-apache
        «COPY» site.conf /etc/apache2/sites-available/site.conf
      `),
    },
    { title: 'the directory of Debian', files: mounted('«/etc/nginx/sites-enabled/site.conf»') },
    { title: 'a name without `.conf`', files: mounted('«/etc/nginx/conf.d/default»') },
    {
      title: 'a template that is not called one',
      files: mounted(
        '«/etc/nginx/templates/default.conf»',
        siteTo('web:8000').replace('example.org', '${SITE}'),
      ),
    },
    {
      title: 'templates beside a command of a shell',
      files: rendered(
        `command: «/bin/sh» -c "while :; do sleep 6h; nginx -s reload; done & nginx -g 'daemon off;'"`,
      ),
    },
    {
      title: 'templates beside an entry point of its own',
      files: rendered(`entrypoint: ["«nginx»", "-g", "daemon off;"]`),
    },
    {
      title: 'templates beside a command that Docker gives to a shell',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/templates/default.conf.template
          «CMD» nginx -g 'daemon off;'
        `,
        'site.conf': siteTo('192.0.2.7:8000').replace('example.org', '${SITE}'),
      },
    },
    {
      title: 'templates beside an entry point of an image of its own',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/templates/default.conf.template
          «ENTRYPOINT» ["nginx", "-g", "daemon off;"]
        `,
        'site.conf': siteTo('192.0.2.7:8000').replace('example.org', '${SITE}'),
      },
    },
    {
      title: 'templates beside a `conf.d` that is read-only',
      files: {
        ...rendered('', '\n      - «./nginx/conf.d:/etc/nginx/conf.d:ro»'),
        'nginx/conf.d/gzip.conf': 'gzip on;\n',
      },
    },
    {
      title: 'the directory of Debian, beside the package of Alpine',
      files: alpine('/etc/nginx/sites-enabled/site.conf'),
    },
    { title: '`conf.d`, beside the package of Alpine', files: alpine('/etc/nginx/conf.d/default.conf') },
    {
      title: '`conf.d`, beside the package of Alpine that a supervisord starts',
      files: {
        ...alpine('/etc/nginx/conf.d/default.conf'),
        'nginx/Dockerfile': conf`
          FROM php:8.3-fpm-alpine
          RUN apk add --no-cache nginx supervisor
          «COPY» site.conf /etc/nginx/conf.d/default.conf
          CMD ["supervisord", "-n", "-c", "/etc/supervisord.conf"]
        `,
      },
    },
    {
      title: 'a directory that the build makes for it',
      files: built(conf`
        RUN mkdir -p /etc/nginx/sites-enabled
        «COPY» site.conf /etc/nginx/sites-enabled/site.conf
      `),
    },
    {
      title: 'copied into the image',
      files: built('«COPY» site.conf /etc/nginx/sites-available/site.conf'),
    },
  ],
  good: [
    {
      title: 'a site of Apache that the build includes',
      files: apacheImage(conf`
        FROM httpd:2.4
        COPY site.conf /usr/local/apache2/conf/extra/site.conf
        RUN echo 'Include conf/extra/site.conf' >> /usr/local/apache2/conf/httpd.conf
      `),
    },
    {
      title: 'a site of Debian that a main file of its own includes',
      files: {
        ...apacheImage(conf`
          FROM httpd:2.4
          COPY httpd.conf /usr/local/apache2/conf/httpd.conf
          COPY site.conf /etc/apache2/sites-enabled/site.conf
        `),
        'httpd.conf': conf`
          ServerRoot /usr/local/apache2
          Listen 80
          IncludeOptional /etc/apache2/sites-enabled/*.conf
        `,
      },
    },
    {
      title: 'the line for the virtual hosts, turned on among modules',
      files: apacheImage(conf`
        FROM httpd:2.4
        RUN sed -i -e 's/^#\(LoadModule proxy_module\)/\1/' -e 's,^#\(Include conf/extra/httpd-vhosts.conf\),\1,' conf/httpd.conf
        COPY site.conf /usr/local/apache2/conf/extra/httpd-vhosts.conf
      `),
    },
    {
      title: 'a build that takes the sign away from every line',
      files: apacheImage(conf`
        FROM httpd:2.4
        RUN sed -i -e '/LoadModule proxy_module/s/^#//' -e 's/^#//' conf/httpd.conf
        COPY site.conf /usr/local/apache2/conf/extra/httpd-vhosts.conf
      `),
    },
    {
      title: 'a site of Debian that the build includes',
      files: apacheImage(conf`
        FROM httpd:2.4
        COPY site.conf /etc/apache2/sites-enabled/site.conf
        RUN echo 'Include /etc/apache2/sites-enabled/*.conf' >> conf/httpd.conf
      `),
    },
    {
      title: 'a site of Apache that is enabled',
      files: apacheImage(conf`
        FROM php:8.3-apache
        COPY site.conf /etc/apache2/sites-available/site.conf
        RUN a2ensite site && a2dissite 000-default
      `),
    },
    {
      title: 'the default site of Apache, replaced',
      files: apacheImage(conf`
        FROM php:8.3-apache
        COPY site.conf /etc/apache2/sites-available/000-default.conf
      `),
    },
    { title: 'the place of the image', files: mounted('/etc/nginx/conf.d/default.conf') },
    {
      title: 'a template that the image fills in',
      files: mounted('/etc/nginx/templates/default.conf.template'),
    },
    {
      title: 'a main file of its own',
      files: {
        ...mounted('/etc/nginx/sites-enabled/site.conf'),
        'docker-compose.yml': composeWith().replace(
          /( +- )\.\/nginx\/site\.conf:.*/,
          '$1./nginx/nginx.conf:/etc/nginx/nginx.conf:ro\n$1./nginx/site.conf:/etc/nginx/sites-enabled/site.conf:ro',
        ),
        'nginx/nginx.conf': conf`
          events {
          }
          http {
              include /etc/nginx/sites-enabled/*;
          }
        `,
      },
    },
    {
      title: 'a template beside a command of nginx',
      files: rendered('command: ["nginx-debug", "-g", "daemon off;"]'),
    },
    {
      title: 'a shell that fills the templates in by itself',
      files: rendered(
        `command: sh -c "envsubst < /etc/nginx/templates/default.conf.template > /etc/nginx/conf.d/default.conf && exec nginx -g 'daemon off;'"`,
      ),
    },
    {
      title: 'a shell that makes the main file of it',
      files: {
        'nginx/site.conf': siteTo('web:8000'),
        'docker-compose.yml': composeWith({
          nginx: `command: sh -c "envsubst < /etc/nginx/conf.d/site.tmpl > /etc/nginx/nginx.conf && exec nginx"`,
        }).replace('/etc/nginx/conf.d/default.conf:ro', '/etc/nginx/conf.d/site.tmpl:ro'),
      },
    },
    {
      title: 'a shell that makes a file of `conf.d` of another one there',
      files: {
        ...mounted('/etc/nginx/conf.d/site.conf.template'),
        'docker-compose.yml': mounted('/etc/nginx/conf.d/site.conf.template')['docker-compose.yml']!.replace(
          / +volumes:/,
          lines =>
            `${lines.replace('volumes:', '')}command: /bin/bash -c "envsubst '$$PORT' < /etc/nginx/conf.d/site.conf.template > /etc/nginx/conf.d/site.conf && nginx -g 'daemon off;'"\n${lines}`,
        ),
      },
    },
    {
      title: 'a shell that goes on with the entry point of the image',
      files: rendered(`command: sh -c "/docker-entrypoint.sh nginx -g 'daemon off;'"`),
    },
    {
      title: 'templates beside one file of `conf.d` that is read-only',
      files: {
        ...rendered('', '\n      - ./nginx/gzip.conf:/etc/nginx/conf.d/gzip.conf:ro'),
        'nginx/gzip.conf': 'gzip on;\n',
      },
    },
    { title: 'the directory of Alpine’s package', files: alpine('/etc/nginx/http.d/default.conf') },
    {
      title: 'the directory of a main file beside the package of Alpine',
      files: {
        ...alpine('/etc/nginx/conf.d/default.conf', 'COPY nginx.conf /etc/nginx/nginx.conf'),
        'nginx/nginx.conf': conf`
          events {
          }
          http {
              include /etc/nginx/conf.d/*.conf;
          }
        `,
      },
    },
    {
      title: 'a line of the build that includes the directory',
      files: alpine('/etc/nginx/conf.d/default.conf', "RUN sed -i 's,http.d,conf.d,' /etc/nginx/nginx.conf"),
    },
    {
      title: 'a build that moves it',
      files: built(conf`
        COPY site.conf /etc/nginx/sites-available/site.conf
        RUN mv /etc/nginx/sites-available/site.conf /etc/nginx/conf.d/default.conf
      `),
    },
    {
      title: 'an entry point of its own that makes a file of `conf.d` of it',
      files: {
        ...built(conf`
          COPY start.sh /start.sh
          COPY site.conf /etc/nginx/conf.d/site.template
          ENTRYPOINT ["/start.sh"]
        `),
        'nginx/start.sh': conf`
          #!/bin/sh
          envsubst < /etc/nginx/conf.d/site.template > /etc/nginx/conf.d/default.conf
          exec nginx -g 'daemon off;'
        `,
      },
    },
    {
      title: 'a script of the image’s own start that links it',
      files: {
        ...built(conf`
          COPY 50-link.sh /docker-entrypoint.d/50-link.sh
          COPY site.conf /etc/nginx/sites-available/shop
        `),
        'nginx/50-link.sh': conf`
          #!/bin/sh
          ln -sf /etc/nginx/sites-available/"$SITE" /etc/nginx/conf.d/site.conf
        `,
      },
    },
    {
      title: 'a program of the image that something else starts',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          COPY nginx.template /etc/nginx/conf.d/site.template
          COPY start.sh /usr/local/bin/start_nginx
        `,
        'nginx.template': siteTo('192.0.2.7:8000'),
        'start.sh': conf`
          #!/bin/sh
          envsubst '$NAME' < /etc/nginx/conf.d/site.template > /etc/nginx/conf.d/default.conf
          nginx -g 'daemon off;'
        `,
      },
    },
    {
      title: 'a snippet that another file includes',
      files: mounted(
        '/etc/nginx/conf.d/default.conf',
        `include /etc/nginx/snippets/a;\n${siteTo('web:8000')}`,
      ),
    },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      yield* ofApache(run)
      const kind = kindOf(run)
      if (kind === null || !readsOwnMain(run)) continue
      const related =
        run.machine.container === null
          ? []
          : [{ at: run.machine.container.service.at, message: 'the container of nginx' }]
      for (const mount of run.mounts) {
        const { target, path, at } = mount
        if (path === null || !kind.unread.test(target) || !holdsServer(run.files, path)) continue
        if (isIncluded(run, mount) || isStartedFrom(run, target)) continue
        const isTemplate = target.startsWith('/etc/nginx/templates/')
        if ((isTemplate && (fillsIn(run) || movesTemplates(run))) || WRITES.test(startedText(run))) continue
        yield {
          at: mount.from === 'COPY' ? at : targetPlace(mount),
          message: isTemplate
            ? `the image of nginx fills in \`*.template\` alone, so nothing reads \`${target}\``
            : kind === OF_ALPINE && target.startsWith('/etc/nginx/conf.d')
              ? 'the nginx of Alpine has its sites in `/etc/nginx/http.d/*.conf`, and includes `conf.d` outside of `http`: "server" directive is not allowed here'
              : `${kind.includes} alone, so nothing reads \`${target}\``,
          label: 'not included',
          related,
        }
      }
      if (kind !== OFFICIAL || fillsIn(run)) continue
      const templates = run.mounts.find(
        ({ target, path }) =>
          /^\/etc\/nginx\/templates(?:\/.+\.template)?$/.test(target) &&
          path !== null &&
          holdsServer(run.files, path, '.template'),
      )
      const why = templates === undefined ? null : whyNotRendered(run)
      if (templates === undefined || why === null) continue
      yield {
        at: why.at,
        message: why.message,
        label: 'the templates stay as they are',
        related: [{ at: templates.at, message: 'the templates' }],
      }
    }
  },
})

/** An nginx whose main file is known. */
interface MainFile {
  readonly includes: string
  /** Where it includes nothing. */
  readonly unread: RegExp
}

const OFFICIAL: MainFile = {
  includes: 'the image of nginx includes `/etc/nginx/conf.d/*.conf`',
  unread:
    /^\/etc\/nginx\/(?:sites-(?:enabled|available)(?:\/|$)|conf\.d\/(?!.*\.conf$)[^/]+$|templates\/(?!.*\.template$)[^/]+$)/,
}
const OF_ALPINE: MainFile = {
  includes: 'the nginx of Alpine includes `/etc/nginx/http.d/*.conf`',
  unread:
    /^\/etc\/nginx\/(?:sites-(?:enabled|available)(?:\/|$)|conf\.d(?:\/[^/]+)?$|http\.d\/(?!.*\.conf$)[^/]+$)/,
}

/** Images of old releases of Alpine, up to 3.13, whose nginx had its sites in `conf.d`. */
const OLD_ALPINE =
  /alpine:?(?:2|3\.(?:\d|1[0-3]))(?!\d)|^(?:php:(?:5|7\.[0-2])|python:(?:2|3\.[0-5])|node:(?:\d|1[01])|ruby:2\.[0-5]|golang:1\.(?:\d|1[0-4]))(?!\d)/

function kindOf({ base, reference, image }: RunImage): MainFile | null {
  if (base === 'nginx') return OFFICIAL
  if (!/^alpine(?::|$)|^[a-z]+:\S*alpine[\d.]*$/.test(reference ?? '') || OLD_ALPINE.test(reference ?? ''))
    return null
  return buildSteps({ image }).some(step => /\bapk\b[^&;|]*\sadd\b[^&;|]*\snginx(?=[\s=~<>]|$)/.test(step))
    ? OF_ALPINE
    : null
}

/** Why the start script of the image makes no files of the templates; null where it does, or nobody knows. */
function whyNotRendered(run: RunImage): { readonly at: Place; readonly message: string } | null {
  const { command, machine, mounts, image } = run
  const ofImage = image?.entrypoint?.form === 'exec' ? image.entrypoint : null
  const entrypoint = machine.container?.service.entrypoint ?? ofImage
  const own = machine.container?.service.command ?? image?.command ?? null
  const started =
    entrypoint !== null
      ? { at: entrypoint.at, words: entrypoint.words.map(({ text }) => text) }
      : own !== null && 'form' in own && own.form === 'shell' && command !== undefined
        ? { at: own.at, words: ['/bin/sh', '-c', own.script.text] }
        : command
  if (started !== null && started !== undefined) {
    const [first = ''] = started.words
    const isShell =
      /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh$/.test(first) && /^-\w*c$/.test(started.words[1] ?? '')
    const isNginx = posix.basename(first) === 'nginx'
    const skips = entrypoint === null ? isShell || (isNginx && first !== 'nginx') : isShell || isNginx
    if (skips && !/entrypoint|\/templates|\.sh\b|\$\(|\bsource\b/.test(started.words.join(' ')))
      return {
        at: firstWordOf(run) ?? started.at,
        message:
          entrypoint === null
            ? `the image of nginx fills in its templates where the command is \`nginx\`, and here it is \`${first}\``
            : 'the entry point takes the place of the one by which the image of nginx fills in its templates',
      }
  }
  const whole = machine.container?.service.volumes.find(
    ({ target, readOnly }) =>
      target.known && cleanPath(target.value) === '/etc/nginx/conf.d' && readOnly.known && readOnly.value,
  )
  return whole === undefined || mounts.some(({ target }) => target === '/etc/nginx/nginx.conf')
    ? null
    : {
        at: whole.at,
        message:
          'the image of nginx writes what it makes of the templates into `/etc/nginx/conf.d`, which is read-only here',
      }
}

function firstWordOf({ machine }: RunImage): Place | null {
  const service = machine.container?.service
  const word = (service?.entrypoint ?? service?.command)?.words[0]
  return word === undefined ? null : placeOf(word)
}

/** True where something besides the image's own script may make files of the templates, or places them elsewhere. */
function fillsIn(run: RunImage): boolean {
  const { image, mounts, machine } = run
  const words = startedText(run)
  return (
    WRITES.test(words) ||
    /-c\s*\//.test(words) ||
    mounts.some(({ target }) => /^\/docker-entrypoint(?:\.d|\.sh)?(?:\/|$)/.test(target)) ||
    buildSteps({ image }).some(step => /envsubst|templates/.test(step)) ||
    givenVariables(machine.container?.service).some(({ name }) => name === 'NGINX_ENVSUBST_OUTPUT_DIR')
  )
}

/** Programs that make one file of another. */
const WRITES = /envsubst|gomplate|confd|\b(?:sed|cp|mv|ln|cat|tee)\b/

/** Steps of a build that may change what the main file includes, or move a file to where it is read. */
const MOVES =
  /\b(?:sed|cp|mv|ln|tee|cat|echo|printf|perl|awk|curl|wget|patch|envsubst|tar|unzip|git)\b[^&;]*nginx|nginx[^&;]*\b(?:sed|cp|mv|ln|tee)\b|>\s*\S*nginx|\.sh\b/

/** True where the main file is the image's own, and nothing that is not known changes it. */
function readsOwnMain({ machine: { container }, image, mounts }: RunImage): boolean {
  if (container !== null) {
    const { service } = container
    if (!service.complete || (service.build !== null && image === null)) return false
    const words = [...(service.command?.words ?? []), ...(service.entrypoint?.words ?? [])]
    if (words.some(({ text }) => /(?:^|\s)-c\s*\/|sites-|\b(?:ln|cp|mv|tee)\b|>\s*\/etc\/nginx/.test(text)))
      return false
    if (words.some(({ text }, index) => text === '-c' && /^\/|\.conf$/.test(words[index + 1]?.text ?? '')))
      return false
  }
  if (buildSteps({ image }).some(step => MOVES.test(withoutModes(step)))) return false
  return mounts.every(({ target, path }) =>
    path === null ? !target.startsWith('/etc') : !/^\/etc(?:\/nginx(?:\/nginx\.conf)?)?$/.test(target),
  )
}

/** True for a file with a `server` block, and for a directory that has one. */
function holdsServer(files: FileSystem, path: string, ending = ''): boolean {
  if (files.kind(path) === 'directory')
    return (files.list(path) ?? []).some(
      ({ name, kind }) => kind === 'file' && name.endsWith(ending) && holdsServer(files, `${path}/${name}`),
    )
  const read = files.read(path)
  return read.kind === 'source' && /^\s*server\s*\{/m.test(read.source.code)
}

/** True where a file that is read names it, or its directory. */
function isIncluded({ mounts, files: hostFiles }: RunImage, { target }: ContainerMount): boolean {
  const [, directory = target] = /^(\/etc\/nginx\/[^/]+)/.exec(target) ?? []
  const name = directory.slice('/etc/nginx/'.length)
  return mounts.some(({ path }) => {
    const read = path !== null && hostFiles.kind(path) === 'file' ? hostFiles.read(path) : null
    return read?.kind === 'source' && new RegExp(`^\\s*include\\s[^;]*${name}`, 'm').test(read.source.code)
  })
}

/** True where a script that the container starts names the file or its directory, or cannot be read. */
function isStartedFrom(run: RunImage, target: string): boolean {
  const { image, mounts, files } = run
  const own = image?.entrypoint ?? image?.command ?? null
  const words = `${startedText(run)} ${own === null ? '' : commandText(own)}`
  const directory = posix.dirname(target)
  for (const mount of mounts) {
    if (!words.includes(mount.target) && !/^\/docker-entrypoint(?:\.d\/|\.sh$)/.test(mount.target)) continue
    const read = mount.path === null ? null : files.read(mount.path)
    if (read?.kind !== 'source') return true
    if (read.source.code.includes(directory)) return true
  }
  // A program of the image, whatever starts it.
  for (const { path, target: placed } of mounts) {
    const read = path === null || placed.startsWith('/etc/') ? null : files.read(path)
    if (read?.kind === 'source' && read.source.code.startsWith('#!') && read.source.code.includes(target))
      return true
  }
  return false
}
