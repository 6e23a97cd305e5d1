import { memo } from '../../parsers/collections/memo.ts'
import type { Deployment, ReachedHost } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain, djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'
import { routesBelowMount, waitsFor } from '../_own-routes.ts'

/** An application of Flask in mod_wsgi, whose module lies in a package. */
const mounted = (
  app: string,
  { alias = '/inventory', lines = '', script = '', more = {} as Record<string, string> } = {},
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          WSGIDaemonProcess inventory threads=5
          WSGIScriptAlias ${alias} /opt/inventory/inventory.wsgi process-group=inventory application-group=%{GLOBAL}
          ${lines}
          <Directory /opt/inventory>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
    ['wsgi', 'alias', 'rewrite'],
  ),
  'opt/inventory/inventory.wsgi': conf`
    import sys

    sys.path.insert(0, "/opt/inventory")

    from inventory import app as application
    ${script}
  `,
  'opt/inventory/inventory/__init__.py': app,
  ...more,
})
const INVENTORY = conf`
  from flask import Flask

  app = Flask(__name__)


  @app.route("/inventory/items")
  def items():
      return "items"


  @app.route("/inventory/items/<int:number>")
  def item(number):
      return "item"
`
const FACTORY = conf`
  from flask import Flask
  from werkzeug.middleware.proxy_fix import ProxyFix


  def create_app():
      app = Flask(__name__)
      app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
      from .views import bp
      app.register_blueprint(bp)
      return app


  app = create_app()
`
const views = (prefix: string): Record<string, string> => ({
  'opt/inventory/inventory/views.py': conf`
    from flask import Blueprint

    bp = Blueprint("inventory", __name__${prefix})


    @bp.route("/items")
    def items():
        return "items"
  `,
})
/** A project of Django in mod_wsgi. */
const mountedDjango = (urls: string, alias = '«/shop»', middleware = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': modWsgiMain(
    virtualHost(wsgiApplication().replace('WSGIScriptAlias / ', `WSGIScriptAlias ${alias} `)),
  ),
  ...djangoProject(conf`
    ALLOWED_HOSTS = ["example.org"]
    ${middleware}
  `),
  'opt/shop/shop/__init__.py': '',
  'opt/shop/shop/urls.py': urls,
})
const urls = (route: string, more = ''): string => conf`
  from django.http import HttpResponse
  from django.urls import path

  urlpatterns = [
      path("${route}", lambda request: HttpResponse("here")),
      ${more}
  ]
`
export default defineRule({
  summary: 'The routes of an application begin with the path of its own mount',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: '`WSGIScriptAlias /shop` takes `/shop` off the path and gives it to the application as `SCRIPT_NAME`: Flask and Django look for a route for what is left. Routes that begin with `/shop` once more answer `/shop/shop/…` alone, and all that people ask for is 404.',
  remedy: 'Leave the path of the mount out of the routes, or mount the application at `/`',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIScriptAlias.html',
    'https://peps.python.org/pep-3333/#environ-variables',
  ],
  bad: [
    {
      title: 'routes of Flask below a mount of mod_wsgi',
      files: mounted(INVENTORY, { alias: '«/inventory»' }),
    },
    {
      title: 'a blueprint of Flask below a mount of mod_wsgi',
      files: mounted(FACTORY, { alias: '«/inventory»', more: views(', url_prefix="/inventory"') }),
    },
    {
      title: 'a blueprint that is registered with the mount',
      files: mounted(FACTORY.replace('(bp)', '(bp, url_prefix="/inventory")'), {
        alias: '«/inventory»',
        more: views(''),
      }),
    },
    { title: 'URLs of Django below a mount of mod_wsgi', files: mountedDjango(urls('shop/items/')) },
  ],
  good: [
    {
      title: 'routes of Flask that begin behind the mount',
      files: mounted(INVENTORY.replaceAll('/inventory/items', '/items')),
    },
    {
      title: 'a page beside them',
      files: mounted(conf`
        ${INVENTORY}

        @app.route("/")
        def index():
            return "index"
      `),
    },
    { title: 'a mount at the root', files: mounted(INVENTORY, { alias: '/' }) },
    { title: 'a mount of another name', files: mounted(INVENTORY, { alias: '/stock' }) },
    {
      title: 'the same script at another place',
      files: mounted(INVENTORY, {
        lines:
          'WSGIScriptAlias /stock /opt/inventory/inventory.wsgi process-group=inventory application-group=%{GLOBAL}',
      }),
    },
    {
      title: 'a line that leads to the path twice',
      files: mounted(INVENTORY, { lines: 'RedirectMatch ^/inventory/?$ /inventory/inventory/items' }),
    },
    {
      title: 'a script that puts the mount in front again',
      files: mounted(INVENTORY, {
        script: conf`
          from prefixed import Prefixed
          application = Prefixed(application, prefix="/inventory")
        `,
      }),
    },
    {
      title: 'an application that changes the path',
      files: mounted(`${INVENTORY}\n\napp.wsgi_app = Prefixed(app.wsgi_app)\n`),
    },
    {
      title: 'a blueprint without the prefix',
      files: mounted(FACTORY, { more: views('') }),
    },
    {
      title: 'a blueprint that is registered at another place',
      files: mounted(FACTORY.replace('(bp)', '(bp, url_prefix="/v1")'), {
        more: views(', url_prefix="/inventory"'),
      }),
    },
    { title: 'a blueprint that is not here', files: mounted(FACTORY) },
    { title: 'URLs of Django without the mount', files: mountedDjango(urls('items/'), '/shop') },
    {
      title: 'URLs of Django beside the mount',
      files: mountedDjango(urls('shop/items/', 'path("admin/", lambda request: None),'), '/shop'),
    },
    {
      title: 'middleware that may change the path',
      files: mountedDjango(urls('shop/items/'), '/shop', 'MIDDLEWARE = ["shop.middleware.Prefix"]'),
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const { alias, configuration, directive, host } = application
      if (alias.regex || !alias.path.known || !/^(?:\/[\w.-]+)+$/.test(alias.path.value)) continue
      const prefix = alias.path.value
      const own = routesBelowMount(deployment, application, prefix)
      if (own === null || mayLeadElsewhere(configuration, prefix)) continue
      if (host !== null && deployment.connections.reaching(host).some(each => changesPath(each, prefix)))
        continue
      if (pathsOfScript(deployment).get(deployment.pythonOf(application)?.path ?? '')?.size !== 1) continue
      yield {
        at: argumentPlace(directive, 0),
        message: `\`${prefix}\` is taken away, and every route of the application begins with it once more: \`${own.route}\` answers \`${prefix}${own.route}\` alone, and all else is 404`,
        label: 'becomes `SCRIPT_NAME`, and is not in the path',
        related: waitsFor(own),
        help: `Leave \`${prefix}\` out of the routes; links that \`url_for\` or \`reverse\` makes have it by themselves`,
      }
    }
  },
})

/** The paths at which each script is mounted. */
const pathsOfScript = memo((deployment: Deployment): ReadonlyMap<string, ReadonlySet<string | null>> => {
  const found = new Map<string, Set<string | null>>()
  for (const application of deployment.applications) {
    const script = deployment.pythonOf(application)?.path
    if (script === undefined) continue
    const paths = found.get(script) ?? new Set()
    found.set(script, paths)
    paths.add(application.alias.path.known ? application.alias.path.value : null)
  }
  return found
})

/** True where a line leads to the path twice, as somebody does who knows of it. */
function mayLeadElsewhere({ occurrences }: ApacheConfiguration, path: string): boolean {
  const twice = path.replace(/\/$/, '').repeat(2)
  return ['rewriterule', 'redirect', 'redirectmatch', 'redirectpermanent', 'redirecttemp'].some(name =>
    occurrences.get(name)?.some(({ args }) => args.some(({ value }) => value.includes(twice))),
  )
}

/** True of a connection of nginx that may ask Apache for another path than the client asked for. */
function changesPath({ connection }: ReachedHost, prefix: string): boolean {
  return connection.written.includes(prefix) || /^https?:\/\/[^/]+\/|\$/.test(connection.written)
}
