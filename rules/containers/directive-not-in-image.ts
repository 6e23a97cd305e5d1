import { once } from '../../parsers/collections/once.ts'
import type { Place } from '../../parsers/text/source.ts'
import { serverPods } from '../../src/deployment/kubernetes/server-pods.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { mayReplaceServer } from '../../src/deployment/containers/image-release.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { externalModuleOf, nginxDirective, nginxDirectiveNames } from '../../src/servers/nginx/directives.ts'
import { compareVersions } from '../../src/servers/version.ts'
import { isMounted, runImages } from './_images.ts'
import { nginxMain } from '../_examples.ts'
import { manifests } from './_kubernetes-examples.ts'

const site = (lines: string): string => conf`
  server {
      listen 443 ssl;
      ${lines}
      server_name example.org;
      ssl_certificate /run/secrets/example.org.pem;
      ssl_certificate_key /run/secrets/example.org.key;
      root /usr/share/nginx/html;
  }
`
const compose = (image: string): string => conf`
  services:
    web:
      image: ${image}
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
`
const dockerfile = (image: string, more = ''): string => conf`
  FROM ${image}
  ${more}
  COPY site.conf /etc/nginx/conf.d/default.conf
`

export default defineRule({
  summary: 'A directive that came after the release of nginx in the image',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The tag of the image says which release it holds: of `1.23` it is the last of that branch, and nothing newer comes into it. What came later nginx does not know (`unknown directive "http2"`), and it does not start.',
  remedy: 'Take an image that has the directive, or write what the release of the image knows',
  references: [
    'https://hub.docker.com/_/nginx',
    'https://nginx.org/en/docs/http/ngx_http_v2_module.html#http2',
  ],
  unproven: 'The tests have one release of nginx',
  bad: [
    {
      title: 'an image of a compose file',
      files: { 'docker-compose.yml': compose('nginx:1.23-alpine'), 'site.conf': site('«http2» on;') },
    },
    {
      title: 'an image that a Dockerfile stands on',
      files: { Dockerfile: dockerfile('nginx:1.21'), 'site.conf': site('«http2» on;') },
    },
    {
      title: 'in the main file',
      files: {
        'docker-compose.yml': compose('nginx:1.13').replace(
          './site.conf:/etc/nginx/conf.d/default.conf',
          './nginx/nginx.conf:/etc/nginx/nginx.conf',
        ),
        'nginx/nginx.conf': nginxMain(site('«http2» on;')),
      },
    },
    {
      title: 'a ConfigMap',
      files: manifests({ nginx: site('«http2» on;'), image: 'nginx:1.23' }),
    },
  ],
  good: [
    {
      title: 'a branch whose last release has it',
      files: { 'docker-compose.yml': compose('nginx:1.25-alpine'), 'site.conf': site('http2 on;') },
    },
    {
      title: 'a tag that moves on',
      files: { 'docker-compose.yml': compose('nginx:1-alpine'), 'site.conf': site('http2 on;') },
    },
    {
      title: 'the same in the words of the older release',
      files: {
        'docker-compose.yml': compose('nginx:1.24'),
        'site.conf': site('http2_max_concurrent_streams 64;'),
      },
    },
    {
      title: 'an older directive of the same name',
      files: {
        'docker-compose.yml': compose('nginx:1.24'),
        'site.conf': site('resolver 127.0.0.11;'),
      },
    },
    {
      title: 'a newer nginx that the Dockerfile installs',
      files: {
        Dockerfile: dockerfile('nginx:1.22', 'RUN apt-get update && apt-get install -y nginx'),
        'site.conf': site('http2 on;'),
      },
    },
    {
      title: 'an image of somebody else, whose tags count otherwise',
      files: {
        'docker-compose.yml': compose('example/nginx:1.2'),
        'site.conf': site('http2 on;'),
      },
    },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      const { machine, reference, image, mounts } = run
      const newest = newestOf(reference)
      if (newest === null || (image?.steps ?? []).some(mayReplaceServer)) continue
      const isIn = ({ source }: NginxDirective): boolean => isMounted(source, mounts)
      const at = (image === null ? machine.container?.service.image : image.base)?.at ?? null
      for (const program of machine.programs)
        if (program.kind === 'nginx') yield* tooNew(program.configuration, isIn, newest, reference, at)
    }
    for (const { program, sources, container } of serverPods(deployment)) {
      const reference = container.image?.replace(/^(?:docker\.io\/)?(?:library\/)?/, '') ?? null
      const newest = newestOf(reference)
      if (newest === null) continue
      const isIn = ({ source }: NginxDirective): boolean => sources.has(source)
      yield* tooNew(program.configuration, isIn, newest, reference, container.at)
    }
  },
})

function* tooNew(
  { occurrences, version }: NginxConfiguration,
  isIn: (directive: NginxDirective) => boolean,
  newest: string,
  reference: string | null,
  image: Place | null,
): Iterable<RuleFinding> {
  // With a release that is known, be it by a whole number in the tag, nginx/syntax compares.
  if (version.from !== 'assumed') return
  for (const name of dated()) {
    for (const directive of occurrences.get(name) ?? []) {
      if (!isIn(directive)) continue
      const here = nginxDirective(name).filter(({ contexts }) => contexts.includes(directive.context))
      const since = here.map(facts => facts.since)
      const [first] = since
      if (first == null || !since.every(each => each !== null && compareVersions(each, newest) > 0)) continue
      yield {
        at: namePlace(directive),
        message: `nginx came to know \`${name}\` in ${first}, and the image is \`${reference}\`: it does not start`,
        label: 'unknown directive',
        related: image === null ? [] : [{ at: image, message: 'the image' }],
      }
    }
  }
}

/** Directives of nginx alone that some supported release does not know yet. */
const dated = once(() =>
  nginxDirectiveNames().filter(
    name => externalModuleOf(name) === null && nginxDirective(name).some(({ since }) => since !== null),
  ),
)

/** The newest release that a tag of nginx’s own images can be; null for a tag that moves on, or is no number. */
function newestOf(reference: string | null): string | null {
  const [, branch, patch] =
    /^(?:nginx|nginxinc\/nginx-unprivileged|nginx\/nginx):(\d+\.\d+)(?:\.(\d+))?(?:[-@]|$)/.exec(
      reference ?? '',
    ) ?? []
  return branch === undefined ? null : `${branch}.${patch ?? LAST}`
}

/** Beyond every patch of a branch. */
const LAST = '999'
