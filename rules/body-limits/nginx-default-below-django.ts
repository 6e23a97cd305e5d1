import type { Application, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { indentationAt, insertBefore, type Proposal, propose } from '../../src/deployment/edits.ts'
import { frontsOf } from '../../src/deployment/fronts-of.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'
import type { Place } from '../../parsers/text/source.ts'

const MEGABYTE = 1024 ** 2

const tree = (server: string, settings: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        «server» {
            listen 80;
            server_name example.org;
            ${server}
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
        }
    }
  `,
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
  ...djangoProject(settings),
})

export default defineRule({
  summary: 'Django takes larger uploads than nginx lets through',
  severity: 'warning',
  otherSeverities: { info: 'where only `MEDIA_ROOT` says that files are uploaded' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Unless `client_max_body_size` says otherwise nginx refuses bodies above one megabyte with 413, a page of nginx’s own: Django, which was told to take more, never sees them.',
  remedy: 'Set `client_max_body_size` for the site to what Django takes',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size',
    'https://docs.djangoproject.com/en/stable/ref/settings/#data-upload-max-memory-size',
  ],
  bad: [
    {
      title: 'twenty megabytes in Django, and nothing in nginx',
      files: tree('', conf`DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024`),
    },
    {
      title: 'a directory for uploads, which a photograph is too large for',
      files: tree('', conf`MEDIA_ROOT = "/opt/shop/media"`),
    },
  ],
  good: [
    {
      title: 'as much in nginx',
      files: tree('client_max_body_size 20m;', conf`DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024`),
    },
    {
      title: 'more in the location that takes uploads',
      files: tree(
        conf`
          location /upload/ {
              client_max_body_size 20m;
              proxy_pass http://127.0.0.1:9000;
              proxy_set_header Host $host;
          }
        `,
        conf`DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024`,
      ),
    },
    { title: 'an application without uploads', files: tree('', conf`DEBUG = False`) },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const wanted = uploadsOf(deployment, application)
      if (wanted === null) continue
      for (const [server, connections] of frontsOf(deployment, application)) {
        // One location with a limit of its own is where uploads go.
        const isLeftOut = connections.every(
          ({ bodyLimit }) => bodyLimit.known && bodyLimit.value.directive === null,
        )
        if (!isLeftOut) continue
        yield {
          at: namePlace(server.directive),
          severity: wanted.bytes === null ? 'info' : 'warning',
          message:
            wanted.bytes === null
              ? 'nginx refuses uploads above a megabyte, as nothing says otherwise, and Django has a directory for them'
              : `nginx refuses bodies above a megabyte, as nothing says otherwise, and Django takes ${wanted.bytes === Number.POSITIVE_INFINITY ? 'any' : `${megabytes(wanted.bytes)} MB`}`,
          related: wanted.at === null ? [] : [{ at: wanted.at, message: 'what Django is told' }],
          ...raise(server, wanted.bytes),
        }
      }
    }
  },
})

interface Uploads {
  /** The largest body that Django was told to take; null where only the directory says that there are uploads. */
  readonly bytes: number | null
  readonly at: Place | null
}

/** What the settings say of uploads above nginx's own limit; null where they say nothing. */
function uploadsOf(deployment: Deployment, application: Application): Uploads | null {
  const settings = deployment.pythonOf(application)?.settings ?? null
  if (settings === null) return null
  for (const name of ['DATA_UPLOAD_MAX_MEMORY_SIZE', 'FILE_UPLOAD_MAX_MEMORY_SIZE']) {
    const size = settings.get(name)
    if (size?.known !== true) continue
    if (size.value === null && name.startsWith('DATA'))
      return { bytes: Number.POSITIVE_INFINITY, at: size.at }
    if (typeof size.value === 'number' && size.value > MEGABYTE) return { bytes: size.value, at: size.at }
  }
  const media = settings.get('MEDIA_ROOT')
  return media?.known === true && media.value !== '' ? { bytes: null, at: media.at } : null
}

function raise({ directive }: NginxServer, bytes: number | null): Proposal {
  const first = directive.children.find(({ source }) => source === directive.source)
  if (first === undefined || bytes === null || !Number.isFinite(bytes)) return {}
  const at = namePlace(first)
  const line = `client_max_body_size ${Math.ceil(bytes / MEGABYTE)}m;\n${indentationAt(at)}`
  return propose('Let nginx take what Django takes', 'unsafe', [insertBefore(at, line)])
}

function megabytes(bytes: number): number {
  return Math.round((bytes / MEGABYTE) * 10) / 10
}
