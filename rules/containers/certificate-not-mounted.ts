import { posix } from 'node:path'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isBelow, isBrought, knowsFiles, targetsOf } from './_mounted.ts'

const CERTIFICATE = '/etc/letsencrypt/live/example.org/fullchain.pem'
const KEY = '/etc/letsencrypt/live/example.org/privkey.pem'
const tree = (volumes: string, certificate = CERTIFICATE, key = KEY): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        ports: ["443:443"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          ${volumes}
  `,
  'site.conf': conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate ${certificate};
        ssl_certificate_key ${key};
    }
  `,
})

/** A certificate of which nothing is wrong, and parameters beside it. */
const withParameters = (parameters: string, volume: string, lines = ''): Record<string, string> => ({
  ...tree(conf`
    - /etc/letsencrypt:/etc/letsencrypt:ro
    ${volume}
  `),
  'site.conf': conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate ${CERTIFICATE};
        ssl_certificate_key ${KEY};
        ssl_dhparam ${parameters};
        ${lines}
    }
  `,
})

/** A certbot beside nginx, with its volumes. */
const beside = (own: string, other: string): Record<string, string> => {
  const files = tree(own)
  return {
    ...files,
    'docker-compose.yml': conf`
      ${files['docker-compose.yml'] ?? ''}
        certbot:
          image: certbot/certbot
          volumes:
            - ${other}
      volumes:
        certs:
        other:
    `,
  }
}

export default defineRule({
  summary:
    'nginx in a container does not have the certificate, or another file for TLS, that its configuration names',
  severity: 'error',
  otherSeverities: { warning: 'where nothing mounts it, which another compose file of the project may do' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A container has the files of its image and what is mounted. nginx does not start without its certificate: `cannot load certificate … No such file or directory`, nor without the file of `ssl_dhparam` or `ssl_trusted_certificate`. In `live` certbot keeps only links into `../../archive`, so a container with `live` alone has links that lead nowhere.',
  remedy: 'Mount `/etc/letsencrypt` whole: `- /etc/letsencrypt:/etc/letsencrypt:ro`',
  references: [
    'https://eff-certbot.readthedocs.io/en/stable/using.html#where-are-my-certificates',
    'https://docs.docker.com/engine/storage/bind-mounts/',
  ],
  unproven: 'What a container sees, its compose file says: no loopback has another file system',
  bad: [
    { title: 'nothing mounts it', files: tree('', `«${CERTIFICATE}»`, `«${KEY}»`) },
    {
      title: 'a certificate that is mounted, and parameters that are not',
      files: withParameters('«/etc/ssl/dhparam.pem»', ''),
    },
    {
      title: 'a volume to which certbot does not write',
      files: beside('- «certs:/etc/letsencrypt:ro»', 'other:/etc/letsencrypt'),
    },
    {
      title: 'a volume that certbot has at another path',
      files: beside('- «other:/etc/letsencrypt:ro»', 'certs:/etc/letsencrpyt'),
    },
    {
      title: 'the links of certbot without what they lead to',
      files: tree('- «/etc/letsencrypt/live:/etc/letsencrypt/live:ro»'),
    },
    {
      title: 'one lineage at a place of its own',
      files: tree(
        '- «/etc/letsencrypt/live/example.org:/etc/nginx/ssl:ro»',
        '/etc/nginx/ssl/fullchain.pem',
        '/etc/nginx/ssl/privkey.pem',
      ),
    },
    {
      title: 'a lineage of a certbot that keeps its files beside the compose file',
      files: tree(
        '- «./certbot/conf/live/example.org/:/certs»',
        '/certs/fullchain.pem',
        '/certs/privkey.pem',
      ),
    },
  ],
  good: [
    {
      title: 'parameters that are mounted, and the authorities of the image',
      files: withParameters(
        '/etc/ssl/dhparam.pem',
        '- ./dhparam.pem:/etc/ssl/dhparam.pem:ro',
        'ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;',
      ),
    },
    {
      title: 'one volume for certbot and nginx',
      files: beside('- certs:/etc/letsencrypt:ro', 'certs:/etc/letsencrypt'),
    },
    {
      title: 'a directory of the host, which may have them',
      files: beside('- /etc/letsencrypt:/etc/letsencrypt:ro', 'other:/etc/letsencrypt'),
    },
    {
      title: 'a lineage at a place from which its links lead to the archive',
      files: tree(
        conf`
          - /etc/letsencrypt/live/example.org:/srv/tls/live/example.org:ro
          - /etc/letsencrypt/archive:/srv/tls/archive:ro
        `,
        '/srv/tls/live/example.org/fullchain.pem',
        '/srv/tls/live/example.org/privkey.pem',
      ),
    },
    {
      title: 'a directory called `live` with files of its own',
      files: tree('- ./live:/certs:ro', '/certs/fullchain.pem', '/certs/privkey.pem'),
    },
    {
      title: 'a script of the start that makes one',
      files: {
        ...tree(
          '- ./certificate.sh:/docker-entrypoint.d/05-certificate.sh:ro',
          '/etc/nginx/own.pem',
          '/etc/nginx/own.key',
        ),
        'certificate.sh':
          '#!/bin/sh\nopenssl req -x509 -nodes -newkey rsa:2048 -subj /CN=shop -keyout /etc/nginx/own.key -out /etc/nginx/own.pem\n',
      },
    },
    { title: 'all of certbot’s files', files: tree('- /etc/letsencrypt:/etc/letsencrypt:ro') },
    {
      title: 'both directories',
      files: tree(conf`
        - /etc/letsencrypt/live:/etc/letsencrypt/live:ro
        - /etc/letsencrypt/archive:/etc/letsencrypt/archive:ro
      `),
    },
    { title: 'a volume', files: tree('- certs:/etc/letsencrypt\n') },
    {
      title: 'each file, whose link Docker follows',
      files: tree(conf`
        - /etc/letsencrypt/live/example.org/fullchain.pem:${CERTIFICATE}:ro
        - /etc/letsencrypt/live/example.org/privkey.pem:${KEY}:ro
      `),
    },
    { title: 'a directory of copies', files: tree('- ./tls:/etc/letsencrypt/live/example.org:ro') },
  ],
  *check(deployment) {
    for (const { configuration, machine } of programsOfKind(deployment, 'nginx')) {
      const { container } = machine
      if (container === null || !knowsFiles(container)) continue
      const lonely = keptElsewhere(container, configuration.occurrences.get('ssl_certificate') ?? [])
      if (lonely !== null) yield lonely
      const targets = targetsOf(container)
      for (const [name, said] of OPENED_AT_START) {
        for (const directive of configuration.occurrences.get(name) ?? []) {
          const written = directive.args[0]?.value ?? ''
          if (
            !written.startsWith('/') ||
            isUnknownWord(written) ||
            /[$\0\uFFFD]|^\/(?:run|var\/run|dev|proc)\//.test(written) ||
            (name === 'ssl_trusted_certificate' && AUTHORITIES.test(written))
          )
            continue
          const path = posix.normalize(written)
          const at = argumentPlace(directive, 0)
          if (!isBrought(container, path)) {
            yield {
              at,
              severity: 'warning' as const,
              confidence: 'medium' as const,
              message: `nothing brings \`${path}\` into the container, so nginx does not start: ${said}`,
              label: 'not in this container',
              related: [{ at: container.service.at, message: 'the container of nginx' }],
            }
            continue
          }
          const mount = danglingLinks(container, path, targets)
          if (mount === null) continue
          yield {
            at: mount,
            message:
              'certbot’s `live` holds links into `../../archive`, which is not mounted, so nginx does not start: cannot load certificate',
            label: 'links alone',
            related: [{ at, message: 'nginx reads it here' }],
          }
        }
      }
    }
  },
})

/** The files that nginx opens when it starts, and what it says without one. */
const OPENED_AT_START: ReadonlyMap<string, string> = new Map([
  ['ssl_certificate', 'cannot load certificate'],
  ['ssl_certificate_key', 'cannot load certificate'],
  ['ssl_dhparam', 'BIO_new_file() failed'],
  ['ssl_trusted_certificate', 'SSL_CTX_load_verify_locations() failed'],
  ['ssl_crl', 'X509_LOOKUP_load_file() failed'],
  ['ssl_password_file', 'open() failed'],
  ['ssl_session_ticket_key', 'open() failed'],
])

/** The certificates of authorities that distributions bring, and so their images. */
const AUTHORITIES = /^\/etc\/(?:ssl\/(?:certs\/|cert\.pem$)|pki\/)/

/** The volume of certificates that no certbot of the project writes to: it keeps them in another one, or in none. */
function keptElsewhere(
  { service, project }: Container,
  certificates: readonly NginxDirective[],
): RuleFinding | null {
  const others = [...project.services.values()].filter(each => each !== service)
  const [certbot, ...more] = others.filter(
    ({ image }) => image?.known === true && /^certbot\/certbot(?:[:@]|$)/.test(image.value),
  )
  if (certbot === undefined || more.length > 0 || !others.every(each => each.complete) || !project.complete)
    return null
  if (certbot.volumesFrom.length > 0 || certbot.volumes.some(({ source }) => source?.known === false))
    return null
  const words = [certbot.command, certbot.entrypoint].flatMap(each => each?.words ?? [])
  if (words.some(({ text }) => /--config-dir|\bcp\b/.test(text))) return null
  const read = service.volumes.find(
    ({ kind, target, source }) =>
      kind === 'volume' &&
      source?.known === true &&
      target.known &&
      certificates.some(({ args }) => isBelow(args[0]?.value ?? '', target.value)),
  )
  if (read?.source?.known !== true) return null
  const volume = read.source.value
  const resource = project.volumes.get(volume)
  if (resource === undefined || resource.external || resource.device !== null || resource.name !== null)
    return null
  if (
    others.some(each => each.volumes.some(({ source }) => source?.known === true && source.value === volume))
  )
    return null
  const kept = certbot.volumes.find(({ target }) => target.known && isBelow('/etc/letsencrypt', target.value))
  return {
    at: read.at,
    message: `certbot keeps its certificates ${kept === undefined ? 'in its own container' : 'in another volume'}, so \`${volume}\` is empty, and nginx does not start: cannot load certificate`,
    label: 'nothing fills it',
    related: [{ at: kept?.at ?? certbot.at, message: 'certbot' }],
    help: 'Mount one volume at `/etc/letsencrypt` of both',
  }
}

/** The directory `live` of certbot that is mounted without the files that its links lead to; null for all else. */
function danglingLinks(
  { service, files }: Container,
  path: string,
  targets: readonly string[],
): Place | null {
  if (files.kind(path) === 'file') return null
  for (const { target, source, kind, at } of service.volumes) {
    if (kind !== 'bind' || !target.known || source?.known !== true || !isBelow(path, target.value)) continue
    const live = /(?:^|\/)live(?:\/([^/]+\.[^/]+))?\/?$/.exec(source.value)
    if (live === null) continue
    const [, lineage] = live
    if (lineage === undefined && !/letsencrypt|certbot/.test(source.value)) continue
    // Each is a link `../../archive/NAME/…`, seen from the directory of its lineage.
    const own = lineage === undefined ? posix.join(target.value, 'any') : target.value
    const archive = posix.resolve(own, '../../archive')
    if (targets.some(each => each === archive || isBelow(archive, each) || isBelow(each, archive))) continue
    return at
  }
  return null
}
