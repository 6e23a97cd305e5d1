// Written by `npm run generate` from the files of this folder.
import type { Rule } from '../src/engine/rule.ts'
import apacheSyntax from './apache/syntax.ts'
import canonicalUrlHostMissingRedirect from './canonical-url/host-missing-redirect.ts'
import canonicalUrlHttpAndHttpsBothServe from './canonical-url/http-and-https-both-serve.ts'
import canonicalUrlRedirectManglesUri from './canonical-url/redirect-mangles-uri.ts'
import canonicalUrlRedirectUriInjection from './canonical-url/redirect-uri-injection.ts'
import forwardedHeadersDuplicated from './forwarded-headers/duplicated.ts'
import forwardedHeadersInheritanceLost from './forwarded-headers/inheritance-lost.ts'
import forwardedHeadersProtoNameMismatch from './forwarded-headers/proto-name-mismatch.ts'
import forwardedHeadersProtoSpoofable from './forwarded-headers/proto-spoofable.ts'
import forwardedHeadersRealIpTrustAll from './forwarded-headers/real-ip-trust-all.ts'
import forwardedHeadersRemoteipNoTrustList from './forwarded-headers/remoteip-no-trust-list.ts'
import forwardedHeadersRemoteipTrustedproxyForLoopback from './forwarded-headers/remoteip-trustedproxy-for-loopback.ts'
import forwardedHeadersSetenvHttpsUnconditional from './forwarded-headers/setenv-https-unconditional.ts'
import forwardedHeadersSetenvifHttpsBadValue from './forwarded-headers/setenvif-https-bad-value.ts'
import forwardedHeadersSetenvifHttpsUnanchored from './forwarded-headers/setenvif-https-unanchored.ts'
import loopbackDefaultListenLeft from './loopback/default-listen-left.ts'
import loopbackListenPublic from './loopback/listen-public.ts'
import nginxSyntax from './nginx/syntax.ts'
import sizingDaemonThreadUnsafe from './sizing/daemon-thread-unsafe.ts'
import sizingDaemonThreadsExceedApacheWorkers from './sizing/daemon-threads-exceed-apache-workers.ts'
import sizingMpmWorkersExceedServerlimit from './sizing/mpm-workers-exceed-serverlimit.ts'
import tlsBackendProxiedOverTlsToPlain from './tls/backend-proxied-over-tls-to-plain.ts'
import tlsListenWithoutSsl from './tls/listen-without-ssl.ts'
import tlsSslOnDeprecated from './tls/ssl-on-deprecated.ts'
import tlsWeakProtocol from './tls/weak-protocol.ts'
import topologyUpstreamPortNotListened from './topology/upstream-port-not-listened.ts'
import topologyUpstreamPublicName from './topology/upstream-public-name.ts'
import topologyVhostUnreachablePort from './topology/vhost-unreachable-port.ts'
import wsgiApacheLegacyAcl from './wsgi/apache-legacy-acl.ts'
import wsgiEmbeddedMode from './wsgi/embedded-mode.ts'
import wsgiMaximumRequests from './wsgi/maximum-requests.ts'
import wsgiProcessGroupUndefined from './wsgi/process-group-undefined.ts'

/** Every rule, sorted by id; the id is the path. */
export const rules: readonly Rule[] = [
  { id: 'apache/syntax', ...apacheSyntax },
  { id: 'canonical-url/host-missing-redirect', ...canonicalUrlHostMissingRedirect },
  { id: 'canonical-url/http-and-https-both-serve', ...canonicalUrlHttpAndHttpsBothServe },
  { id: 'canonical-url/redirect-mangles-uri', ...canonicalUrlRedirectManglesUri },
  { id: 'canonical-url/redirect-uri-injection', ...canonicalUrlRedirectUriInjection },
  { id: 'forwarded-headers/duplicated', ...forwardedHeadersDuplicated },
  { id: 'forwarded-headers/inheritance-lost', ...forwardedHeadersInheritanceLost },
  { id: 'forwarded-headers/proto-name-mismatch', ...forwardedHeadersProtoNameMismatch },
  { id: 'forwarded-headers/proto-spoofable', ...forwardedHeadersProtoSpoofable },
  { id: 'forwarded-headers/real-ip-trust-all', ...forwardedHeadersRealIpTrustAll },
  { id: 'forwarded-headers/remoteip-no-trust-list', ...forwardedHeadersRemoteipNoTrustList },
  { id: 'forwarded-headers/remoteip-trustedproxy-for-loopback', ...forwardedHeadersRemoteipTrustedproxyForLoopback },
  { id: 'forwarded-headers/setenv-https-unconditional', ...forwardedHeadersSetenvHttpsUnconditional },
  { id: 'forwarded-headers/setenvif-https-bad-value', ...forwardedHeadersSetenvifHttpsBadValue },
  { id: 'forwarded-headers/setenvif-https-unanchored', ...forwardedHeadersSetenvifHttpsUnanchored },
  { id: 'loopback/default-listen-left', ...loopbackDefaultListenLeft },
  { id: 'loopback/listen-public', ...loopbackListenPublic },
  { id: 'nginx/syntax', ...nginxSyntax },
  { id: 'sizing/daemon-thread-unsafe', ...sizingDaemonThreadUnsafe },
  { id: 'sizing/daemon-threads-exceed-apache-workers', ...sizingDaemonThreadsExceedApacheWorkers },
  { id: 'sizing/mpm-workers-exceed-serverlimit', ...sizingMpmWorkersExceedServerlimit },
  { id: 'tls/backend-proxied-over-tls-to-plain', ...tlsBackendProxiedOverTlsToPlain },
  { id: 'tls/listen-without-ssl', ...tlsListenWithoutSsl },
  { id: 'tls/ssl-on-deprecated', ...tlsSslOnDeprecated },
  { id: 'tls/weak-protocol', ...tlsWeakProtocol },
  { id: 'topology/upstream-port-not-listened', ...topologyUpstreamPortNotListened },
  { id: 'topology/upstream-public-name', ...topologyUpstreamPublicName },
  { id: 'topology/vhost-unreachable-port', ...topologyVhostUnreachablePort },
  { id: 'wsgi/apache-legacy-acl', ...wsgiApacheLegacyAcl },
  { id: 'wsgi/embedded-mode', ...wsgiEmbeddedMode },
  { id: 'wsgi/maximum-requests', ...wsgiMaximumRequests },
  { id: 'wsgi/process-group-undefined', ...wsgiProcessGroupUndefined },
]
