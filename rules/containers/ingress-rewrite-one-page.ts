import type { Ingress } from '../../parsers/kubernetes/read-ingresses.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { rewrittenIngress } from './_kubernetes-examples.ts'

const ingress = (
  target: string,
  path: string,
  type = 'Prefix',
  annotations = '',
  version?: string,
): Record<string, string> =>
  rewrittenIngress({ target, path, type, annotations, ...(version !== undefined && { version }) })

export default defineRule({
  summary: 'An Ingress rewrites every URL below a path to the same page',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Since its release 0.22 ingress-nginx takes `rewrite-target` for the whole new path, and no longer for what stands in place of the prefix. Without a group of the path in it, `/api/users/1` is asked for as `/`: the backend answers everything with its start page or a 404.',
  remedy:
    'Write `path: /api(/|$)(.*)` with `pathType: ImplementationSpecific`, and `rewrite-target: /$2`; put paths that stay as they are into an Ingress of their own',
  references: ['https://kubernetes.github.io/ingress-nginx/examples/rewrite/'],
  unproven:
    'The live tests have no ingress-nginx; the `rewrite … / break` that it writes replaces the whole path',
  bad: [
    { title: 'a prefix, taken off', files: ingress('«/»', '/api') },
    { title: 'with a slash, and two steps', files: ingress('«/»', '/shop/api/', 'ImplementationSpecific') },
    { title: 'a regular expression', files: ingress('«/»', '/api/.*', 'ImplementationSpecific') },
    { title: 'another prefix for it', files: ingress('«/v1»', '/api') },
    { title: 'a directory of the backend for the whole host', files: ingress('«/shop»', '/') },
  ],
  good: [
    { title: 'with the group', files: ingress('/$2', '/api(/|$)(.*)', 'ImplementationSpecific') },
    { title: 'nothing changes', files: ingress('/', '/') },
    { title: 'nothing changes below a path', files: ingress('/api', '/api/') },
    { title: 'one page', files: ingress('/', '/start', 'Exact') },
    { title: 'a file', files: ingress('/', '/old.html') },
    { title: 'what has one address', files: ingress('/', '/ws') },
    { title: 'a hook', files: ingress('/hooks/build', '/webhook') },
    { title: 'one page for the whole host', files: ingress('/maintenance', '/') },
    {
      title: 'many pages by name, for one',
      files: ingress('/', '/(?:old|older)/.*', 'ImplementationSpecific'),
    },
    {
      title: 'lines that rewrite it by themselves, and a redirect',
      files: ingress(
        '/',
        '/api',
        'Prefix',
        'nginx.ingress.kubernetes.io/configuration-snippet: rewrite ^/api/(.*)$ /$1 break;',
      ),
    },
    {
      title: 'a redirect',
      files: ingress(
        '/',
        '/api',
        'Prefix',
        'nginx.ingress.kubernetes.io/permanent-redirect: https://api.example.org/',
      ),
    },
    {
      title: 'a version for which the target was a prefix',
      files: ingress('/', '/api', 'Prefix', '', 'extensions/v1beta1'),
    },
    { title: 'what a chart fills in', files: ingress('/', '"{{ .Values.path }}"') },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null || cluster.hasPatches) return
    for (const one of cluster.ingresses.ingresses) {
      const target = literalTarget(one)
      if (target === undefined) continue
      const lost = one.paths.filter(({ path, type }) => type !== 'Exact' && losesRest(path, target.value))
      const [first] = lost
      if (first === undefined) continue
      const prefix = first.path.replace(ANYTHING, '')
      yield {
        at: target.at,
        message: `each request below \`${prefix}/\` is one for \`${target.value}\`: what follows the path is not in the target`,
        label: 'the whole new path',
        related: lost.map(({ at }) => ({ at, message: 'all below it' })),
        help: `Write \`path: ${prefix}(/|$)(.*)\` and \`rewrite-target: ${target.value.replace(/\/$/, '')}/$2\``,
      }
    }
  },
})

/** The target, where no group is in it, and nothing else of the Ingress answers or rewrites. */
function literalTarget({ apiVersion, annotations }: Ingress): Ingress['annotations'][number] | undefined {
  // The controllers that read the older ones may be older than 0.22.
  if (apiVersion !== 'networking.k8s.io/v1') return undefined
  if (annotations.some(({ name }) => /snippet$|^(?:permanent|temporal)-redirect$/.test(name)))
    return undefined
  return annotations.find(({ name, value }) => name === 'rewrite-target' && /^\/[\w./~-]*$/.test(value))
}

/** What a path ends in that stands for all below it. */
const ANYTHING = /(?:\/?\.\*|\/\*|\/)\$?$/

/** A path of plain names, the last of which is no file. */
const TREE = /^(?:\/[\w.~-]+)*\/[\w~-]+$/

/** What has one address, below which nothing is. */
const ONE_ADDRESS =
  /^(?:wss?|(?:web)?sockets?|graphi?ql|(?:json|xml)?-?rpc|(?:web)?hooks?|callback|health\w*|ready\w*|live\w*|ping|status|metrics|rss|feed|mcp|sse|stream|events|hello\w*|echo\w*|test|version)$/i

/** What surely has more than one address. */
const MANY_ADDRESSES =
  /^(?:(?:rest-?)?api|v\d+|admin|static|assets|media|uploads|docs|grafana|kibana|prometheus)$/i

const NOTICE = /maint|error|sorry|closed|unavail|\b[45]\d\d\b|\.\w+$|health|status|ping/i

function losesRest(path: string, target: string): boolean {
  const tree = path.replace(ANYTHING, '')
  if (tree === target.replace(/\/$/, '')) return false
  if (tree === '') return !NOTICE.test(target)
  if (!TREE.test(tree)) return false
  const last = tree.slice(tree.lastIndexOf('/') + 1)
  return target === '/' ? !ONE_ADDRESS.test(last) : !NOTICE.test(target) && MANY_ADDRESSES.test(last)
}
