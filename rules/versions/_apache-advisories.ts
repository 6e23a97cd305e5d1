import { readAdvisories } from './_advisories.ts'

/** What of a configuration an advisory of httpd needs. */
export type ApacheCondition =
  | 'root-granted'
  | 'proxy'
  | 'proxy-rewritten'
  | 'proxy-uwsgi'
  | 'proxy-ajp'
  | 'proxy-forward'
  | 'http2'
  | 'http2-push'
  | 'http2-proxy'
  | 'dav'
  | 'session-cookie'
  | 'digest'
  | 'sed'
  | 'tls-upgrade'
  | 'handler-by-type'

/**
 * Of https://httpd.apache.org/security/vulnerabilities_24.html: those that name a directive, or a module that a directive
 * puts to use. What hangs on a script, a backend's answer or the memory of the machine is left out.
 */
export const APACHE_ADVISORIES = readAdvisories<ApacheCondition>(`
  CVE-2025-49812 2.4.0-2.4.63 2.4.64 tls-upgrade moderate
  CVE-2024-40725 2.4.60-2.4.61 2.4.62 handler-by-type important
  CVE-2024-27316 2.4.17-2.4.58 2.4.59 http2 moderate
  CVE-2023-45802 2.4.17-2.4.57 2.4.58 http2 moderate
  CVE-2023-43622 2.4.55-2.4.57 2.4.58 http2 low
  CVE-2023-27522 2.4.30-2.4.55 2.4.56 proxy-uwsgi moderate
  CVE-2023-25690 2.4.0-2.4.55 2.4.56 proxy-rewritten important
  CVE-2022-36760 2.4.0-2.4.54 2.4.55 proxy-ajp moderate
  CVE-2006-20001 2.4.0-2.4.54 2.4.55 dav moderate
  CVE-2022-31813 2.4.0-2.4.53 2.4.54 proxy low
  CVE-2022-26377 2.4.0-2.4.53 2.4.54 proxy-ajp moderate
  CVE-2022-23943 2.4.0-2.4.52 2.4.53 sed important
  CVE-2021-44224 2.4.7-2.4.51 2.4.52 proxy-forward moderate
  CVE-2021-42013 2.4.49-2.4.50 2.4.51 root-granted critical
  CVE-2021-41773 2.4.49 2.4.50 root-granted critical
  CVE-2021-40438 2.4.0-2.4.48 2.4.49 proxy important
  CVE-2021-36160 2.4.30-2.4.48 2.4.49 proxy-uwsgi moderate
  CVE-2021-33193 2.4.17-2.4.48 2.4.49 http2-proxy moderate
  CVE-2021-26690 2.4.0-2.4.46 2.4.48 session-cookie low
  CVE-2020-35452 2.4.0-2.4.46 2.4.48 digest low
  CVE-2020-11984 2.4.32-2.4.43 2.4.44 proxy-uwsgi moderate
  CVE-2020-9490 2.4.20-2.4.43 2.4.44 http2-push important
`)
