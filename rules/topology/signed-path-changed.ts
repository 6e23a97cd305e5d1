import { memo } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { Deployment, Target } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, nginxServer } from '../_examples.ts'
import { containerVariables } from '../containers/_container-variables.ts'

const COMPOSE = (lines: string): string => conf`
  services:
    minio:
      image: minio/minio:RELEASE.2024-08-29T01-40-52Z
      command: server /data --console-address :9001
    app:
      image: example/archive:3
      environment:
        ${lines}
    nginx:
      image: nginx:1.26
      ports:
        - "80:80"
      volumes:
        - ./conf.d:/etc/nginx/conf.d:ro
`
const tree = (location: string, target: string, lines = 'TZ: UTC'): Record<string, string> => ({
  'docker-compose.yml': COMPOSE(lines),
  'conf.d/files.conf': nginxServer(conf`
    location ${location} {
        proxy_pass ${target};
        proxy_set_header Host $http_host;
    }
  `),
})

export default defineRule({
  summary:
    'A prefix of the URL is taken away before a store of S3, which computes the signature of another path',
  severity: 'warning',
  otherSeverities: { error: 'where a container is given the URL with this prefix as its endpoint' },
  confidence: 'high',
  since: '0.1.0',
  unproven: 'The live tests start no containers, and install none of these programs',
  why: 'Clients of S3 sign the path that they ask for, with the prefix in it. MinIO and Garage compute the signature of the path that arrives, and answer 403 `SignatureDoesNotMatch` to every signed request; only what is public can be read. Neither can be told of a prefix.',
  remedy:
    'Give the store a name or a port of its own, and proxy all of it: `location / { proxy_pass http://minio:9000; }`',
  references: [
    'https://min.io/docs/minio/linux/integrations/setup-nginx-proxy-with-minio.html',
    'https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html',
  ],
  bad: [
    { title: 'MinIO below a path', files: tree('/s3/', '«http://minio:9000/»') },
    {
      title: 'the endpoint of an application',
      files: tree('/s3/', '«http://minio:9000/»', 'S3_ENDPOINT: https://files.example.org/s3'),
    },
    {
      title: 'behind Apache',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <VirtualHost *:80>
                ServerName files.example.org
                ProxyPreserveHost On
                ProxyPass /s3/ «http://127.0.0.1:9000/»
            </VirtualHost>
          `,
          ['proxy', 'proxy_http'],
        ),
        'docker-compose.yml': conf`
          services:
            minio:
              image: minio/minio
              ports:
                - "127.0.0.1:9000:9000"
        `,
      },
    },
  ],
  good: [
    { title: 'all of it', files: tree('/', 'http://minio:9000') },
    { title: 'a bucket by its own path', files: tree('/archive/', 'http://minio:9000') },
    { title: 'the public files of a bucket', files: tree('/media/', 'http://minio:9000/public/') },
    { title: 'the console', files: tree('/console/', 'http://minio:9001/') },
    {
      title: 'files alone, which are read',
      files: {
        'docker-compose.yml': COMPOSE('TZ: UTC'),
        'conf.d/files.conf': nginxServer(conf`
          location /files/ {
              limit_except GET HEAD {
                  deny all;
              }
              proxy_pass http://minio:9000/;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    const { connections, machines } = deployment
    if (!machines.some(({ container }) => storeOf(container?.base ?? null) !== null)) return
    for (const connection of [...connections.http, ...connections.apache]) {
      const { paths } = frontLine(connection)
      const prefix = paths?.taken.replace(/\/+$/, '') ?? ''
      if (paths === null || prefix === '' || !/^\/?$/.test(paths.sent)) continue
      if ('block' in connection && connection.block.children.some(({ name }) => name === 'limit_except'))
        continue
      const store = connection.targets.map(storeAt).find(found => found !== null)
      if (store === undefined) continue
      const endpoint = endpoints(deployment).find(({ path }) => path === prefix)
      yield {
        at: paths.at,
        severity: endpoint === undefined ? 'warning' : 'error',
        message: `clients sign \`${prefix}/bucket/key\`, and ${store} computes the signature of \`/bucket/key\`: every signed request is answered with 403, \`SignatureDoesNotMatch\``,
        label: `takes \`${prefix}\` away`,
        related: endpoint === undefined ? [] : [{ at: endpoint.at, message: 'the endpoint of a client' }],
      }
    }
  },
})

/** Stores by their images, and the port of the interface that is signed. */
const STORES: readonly (readonly [RegExp, string, number])[] = [
  [/^(?:(?:quay\.io\/)?minio\/minio|bitnami(?:legacy)?\/minio|pgsty\/minio)$/, 'MinIO', 9000],
  [/^dxflrs\/(?:\w+_)?garage$/, 'Garage', 3900],
  [/^rustfs\/rustfs$/, 'RustFS', 9000],
]

function storeOf(base: string | null): readonly [RegExp, string, number] | null {
  return base === null ? null : (STORES.find(([image]) => image.test(base)) ?? null)
}

function storeAt({ machine, port }: Target): string | null {
  const [, name, own] = storeOf(machine?.container?.base ?? null) ?? []
  return name === undefined || own !== port ? null : name
}

/** The paths of the URLs that containers are given, without their last slash. */
const endpoints = memo(({ machines }: Deployment): readonly { readonly path: string; readonly at: Place }[] =>
  machines.flatMap(({ container }) =>
    container === null
      ? []
      : containerVariables(container).flatMap(({ value }) => {
          if (value === null || !value.known || value.at === null) return []
          const [, path] = /^https?:\/\/[^/\s]+(\/[^\s?#]+?)\/?$/.exec(value.value) ?? []
          return path === undefined ? [] : [{ path, at: value.at }]
        }),
  ),
)
