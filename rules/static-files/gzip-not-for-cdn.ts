import type { Deployment } from '../../src/deployment/model.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain([
    conf`
      types {
          text/html html;
          text/css css;
      }
      gzip on;
      gzip_types text/css;
      ${lines}
    `,
    conf`
      server {
          listen 80;
          server_name origin.example.org;
          root /srv/www;
      }
    `,
  ]).replace('gzip on', 'gzip «on»')

const cloudFront = (compress: string, name = 'origin.example.org'): string => conf`
  resource "aws_cloudfront_distribution" "site" {
    enabled = true
    aliases = ["www.example.org"]

    origin {
      origin_id   = "site"
      domain_name = "${name}"
      custom_origin_config {
        http_port              = 80
        https_port             = 443
        origin_protocol_policy = "http-only"
        origin_ssl_protocols   = ["TLSv1.2"]
      }
    }

    default_cache_behavior {
      target_origin_id       = "site"
      viewer_protocol_policy = "redirect-to-https"
      allowed_methods        = ["GET", "HEAD"]
      cached_methods         = ["GET", "HEAD"]
      ${compress}
    }
  }
`
const tree = (lines: string, terraform: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': lines === '' ? nginx('') : nginx(lines).replace(/[«»]/g, ''),
  'terraform/cdn.tf': terraform,
})

export default defineRule({
  summary: 'nginx compresses nothing for the CDN in front of it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`gzip_proxied` is `off` by default: nginx compresses no answer to a request with a `Via` header, and CloudFront sends one with each. It gets and keeps all files as they are, and sends them so to every client, though a request to nginx itself is answered compressed.',
  remedy: 'Write `gzip_proxied any;` beside `gzip on;`, or have the CDN compress: `compress = true`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_gzip_module.html#gzip_proxied',
    'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html',
  ],
  bad: [
    { title: 'CloudFront of Terraform', files: tree('', cloudFront('compress = false')) },
    { title: 'which compresses nothing by default', files: tree('', cloudFront('')) },
  ],
  good: [
    { title: 'for proxies, too', files: tree('gzip_proxied any;', cloudFront('')) },
    {
      title: 'CloudFront that compresses itself',
      files: {
        'etc/nginx/nginx.conf': nginx('').replace(/[«»]/g, ''),
        'terraform/cdn.tf': cloudFront('compress = true'),
      },
    },
    {
      title: 'CloudFront of something else',
      files: {
        'etc/nginx/nginx.conf': nginx('').replace(/[«»]/g, ''),
        'terraform/cdn.tf': cloudFront('', 'other.example.org'),
      },
    },
  ],
  *check(deployment) {
    const asked = originsByHost(deployment)
    if (asked.size === 0) return
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      const { occurrences } = configuration
      if (!occurrences.has('gzip') || occurrences.has('gzip_proxied')) continue
      if (mayHoldUnread(configuration, 'gzip_proxied')) continue
      const gzip = effectiveAtHand(configuration, directive, 'gzip')
      const line = gzip.known ? gzip.value.directives.at(-1) : undefined
      if (line?.args[0]?.value !== 'on') continue
      const name = server.names.find(({ name, exact }) => exact && asked.has(name))?.name
      const origin = name === undefined ? undefined : asked.get(name)
      if (origin === undefined) continue
      yield {
        at: argumentPlace(line, 0),
        message: `CloudFront asks for \`${origin.host}\` with a \`Via\` header, and without \`gzip_proxied\` nginx compresses no answer to such a request`,
        label: 'not for proxies',
        related: [{ at: origin.at, message: 'the origin of CloudFront, which does not compress either' }],
      }
    }
  },
})

interface Origin {
  readonly host: string
  readonly at: Place
}

/** The hosts that distributions of CloudFront ask, which compress nothing themselves. */
const originsByHost = memo(
  ({ setups }: Deployment): ReadonlyMap<string, Origin> =>
    new Map((setups() ?? []).flatMap(originsIn).map(origin => [origin.host, origin])),
)

function originsIn(source: Source): readonly Origin[] {
  const { path, text } = source
  if (!path.endsWith('.tf') || !text.includes('"aws_cloudfront_distribution"')) return []
  if (/^\s*compress\s*=(?!\s*false\b)/m.test(text)) return []
  return [...text.matchAll(/^\s*domain_name\s*=\s*"([^"$\n]+)"/gm)].map(match => {
    const [whole, host = ''] = match
    const start = match.index + whole.length - 1 - host.length
    return { host: host.toLowerCase(), at: { source, start, end: start + host.length } }
  })
}
