// Generated from tools/facts/apache-directives.tsv by `npm run generate`: edit that file instead.

/** A directive a line: name, flags, modules, arguments, allowed, refused, default, syntax. */
export const DIRECTIVE_ROWS = `AcceptFilter		core_module	2	server	virtualhost		AcceptFilter protocol accept_filter
AcceptPathInfo		core_module	1	FileInfo		AcceptPathInfo Default	AcceptPathInfo On|Off|Default
AccessFileName		core_module	raw	server		AccessFileName .htaccess	AccessFileName filename [filename] ...
Action		actions_module	2|3	FileInfo			Action action-type cgi-script [virtual]
AddAlt		autoindex_module	first-with-each	Indexes			AddAlt string file [file] ...
AddAltByEncoding		autoindex_module	first-with-each	Indexes			AddAltByEncoding string MIME-encoding [MIME-encoding] ...
AddAltByType		autoindex_module	first-with-each	Indexes			AddAltByType string MIME-type [MIME-type] ...
AddCharset		mime_module	first-with-each	FileInfo			AddCharset charset extension [extension] ...
AddDefaultCharset		core_module	1	FileInfo		AddDefaultCharset Off	AddDefaultCharset On|Off|charset
AddDescription		autoindex_module	first-with-each	Indexes			AddDescription string file [file] ...
AddEncoding		mime_module	first-with-each	FileInfo			AddEncoding encoding extension [extension] ...
AddHandler		mime_module	first-with-each	FileInfo			AddHandler handler-name extension [extension] ...
AddIcon		autoindex_module	first-with-each	Indexes			AddIcon icon name [name] ...
AddIconByEncoding		autoindex_module	first-with-each	Indexes			AddIconByEncoding icon MIME-encoding [MIME-encoding] ...
AddIconByType		autoindex_module	first-with-each	Indexes			AddIconByType icon MIME-type [MIME-type] ...
AddInputFilter		mime_module	first-with-each	FileInfo			AddInputFilter filter[;filter...] extension [extension] ...
AddLanguage		mime_module	first-with-each	FileInfo			AddLanguage language-tag extension [extension] ...
AddModuleInfo		info_module	2	server			AddModuleInfo module-name string
AddOutputFilter		mime_module	first-with-each	FileInfo			AddOutputFilter filter[;filter...] extension [extension] ...
AddOutputFilterByType		filter_module	argv	FileInfo			AddOutputFilterByType filter[;filter...] media-type [media-type] ...
AddType		mime_module	first-with-each	FileInfo			AddType media-type extension [extension] ...
Alias		alias_module	1|2	section,server			Alias [URL-path] file-path|directory-path
AliasMatch		alias_module	2	server			AliasMatch regex file-path|directory-path
AliasPreservePath		alias_module	flag	FileInfo		AliasPreservePath OFF	AliasPreservePath OFF|ON
allow		access_compat_module	first-with-each	Limit			Allow from all|host|env=[!]env-variable [host|env=[!]env-variable] ...
AllowCONNECT		proxy_connect_module	each	server		AllowCONNECT 443 563	AllowCONNECT port[-port] [port[-port]] ...
AllowEncodedSlashes		core_module	1	server		AllowEncodedSlashes Off	AllowEncodedSlashes On|Off|NoDecode
AllowMethods		allowmethods_module	argv	section		AllowMethods reset	AllowMethods reset|HTTP-method [HTTP-method]...
AllowOverride		core_module	raw	section		AllowOverride None	AllowOverride All|None|directive-type [directive-type] ...
AllowOverrideList		core_module	argv	section		AllowOverrideList None	AllowOverrideList None|directive [directive] ...
Anonymous		authn_anon_module	each	AuthConfig			Anonymous user [user] ...
Anonymous_LogEmail		authn_anon_module	flag	AuthConfig		Anonymous_LogEmail On	Anonymous_LogEmail On|Off
Anonymous_MustGiveEmail		authn_anon_module	flag	AuthConfig		Anonymous_MustGiveEmail On	Anonymous_MustGiveEmail On|Off
Anonymous_NoUserId		authn_anon_module	flag	AuthConfig		Anonymous_NoUserID Off	Anonymous_NoUserID On|Off
Anonymous_VerifyEmail		authn_anon_module	flag	AuthConfig		Anonymous_VerifyEmail Off	Anonymous_VerifyEmail On|Off
AsyncRequestWorkerFactor		mpm_event_module	1	server	virtualhost	2	AsyncRequestWorkerFactor factor
AuthBasicAuthoritative		auth_basic_module	flag	AuthConfig		AuthBasicAuthoritative On	AuthBasicAuthoritative On|Off
AuthBasicFake		auth_basic_module	1|2	AuthConfig		none	AuthBasicFake off|username [password]
AuthBasicProvider		auth_basic_module	each	AuthConfig		AuthBasicProvider file	AuthBasicProvider provider-name [provider-name] ...
AuthBasicUseDigestAlgorithm		auth_basic_module	1	AuthConfig		AuthBasicUseDigestAlgorithm Off	AuthBasicUseDigestAlgorithm MD5|Off
AuthDBDUserPWQuery		authn_dbd_module	1	section			AuthDBDUserPWQuery query
AuthDBDUserRealmQuery		authn_dbd_module	1	section			AuthDBDUserRealmQuery query
AuthDBMGroupFile		authz_dbm_module	1	AuthConfig			AuthDBMGroupFile file-path
AuthDBMType		authn_dbm_module	1	AuthConfig		AuthDBMType default	AuthDBMType default|SDBM|GDBM|NDBM|DB
AuthDBMUserFile		authn_dbm_module	1	AuthConfig			AuthDBMUserFile file-path
AuthDigestAlgorithm		auth_digest_module	1	AuthConfig		AuthDigestAlgorithm MD5	AuthDigestAlgorithm MD5|MD5-sess
AuthDigestDomain		auth_digest_module	each	AuthConfig			AuthDigestDomain URI [URI] ...
AuthDigestNcCheck		auth_digest_module	flag	AuthConfig			
AuthDigestNonceLifetime		auth_digest_module	1	AuthConfig		AuthDigestNonceLifetime 300	AuthDigestNonceLifetime seconds
AuthDigestProvider		auth_digest_module	each	AuthConfig		AuthDigestProvider file	AuthDigestProvider provider-name [provider-name] ...
AuthDigestQop		auth_digest_module	each	AuthConfig		AuthDigestQop auth	AuthDigestQop none|auth|auth-int [auth|auth-int]
AuthDigestShmemSize		auth_digest_module	1	server		AuthDigestShmemSize 1000	AuthDigestShmemSize size
AuthFormAuthoritative		auth_form_module	flag	AuthConfig		AuthFormAuthoritative On	AuthFormAuthoritative On|Off
AuthFormBody		auth_form_module	1	AuthConfig		AuthFormBody httpd_body	AuthFormBody fieldname
AuthFormDisableNoStore		auth_form_module	flag	AuthConfig		AuthFormDisableNoStore Off	AuthFormDisableNoStore On|Off
AuthFormFakeBasicAuth		auth_form_module	flag	AuthConfig		AuthFormFakeBasicAuth Off	AuthFormFakeBasicAuth On|Off
AuthFormLocation		auth_form_module	1	AuthConfig		AuthFormLocation httpd_location	AuthFormLocation fieldname
AuthFormLoginRequiredLocation		auth_form_module	1	AuthConfig		none	AuthFormLoginRequiredLocation url
AuthFormLoginSuccessLocation		auth_form_module	1	AuthConfig		none	AuthFormLoginSuccessLocation url
AuthFormLogoutLocation		auth_form_module	1	AuthConfig		none	AuthFormLogoutLocation uri
AuthFormMethod		auth_form_module	1	AuthConfig		AuthFormMethod httpd_method	AuthFormMethod fieldname
AuthFormMimetype		auth_form_module	1	AuthConfig		AuthFormMimetype httpd_mimetype	AuthFormMimetype fieldname
AuthFormPassword		auth_form_module	1	AuthConfig		AuthFormPassword httpd_password	AuthFormPassword fieldname
AuthFormProvider		auth_form_module	each	AuthConfig		AuthFormProvider file	AuthFormProvider provider-name [provider-name] ...
AuthFormSitePassphrase		auth_form_module	1	AuthConfig		none	AuthFormSitePassphrase secret
AuthFormSize		auth_form_module	1	section		AuthFormSize 8192	AuthFormSize size
AuthFormUsername		auth_form_module	1	AuthConfig		AuthFormUsername httpd_username	AuthFormUsername fieldname
AuthGroupFile		authz_groupfile_module	1	AuthConfig			AuthGroupFile file-path
AuthLDAPAuthorizePrefix		authnz_ldap_module	1	AuthConfig		AuthLDAPAuthorizePrefix AUTHORIZE_	AuthLDAPAuthorizePrefix prefix
AuthLDAPBindAuthoritative		authnz_ldap_module	flag	AuthConfig		AuthLDAPBindAuthoritative on	AuthLDAPBindAuthoritative off|on
AuthLDAPBindDN		authnz_ldap_module	1	AuthConfig			AuthLDAPBindDN distinguished-name
AuthLDAPBindPassword		authnz_ldap_module	1	AuthConfig			AuthLDAPBindPassword password
AuthLDAPCharsetConfig		authnz_ldap_module	1	server			AuthLDAPCharsetConfig file-path
AuthLDAPCompareAsUser		authnz_ldap_module	flag	AuthConfig		AuthLDAPCompareAsUser off	AuthLDAPCompareAsUser on|off
AuthLDAPCompareDNOnServer		authnz_ldap_module	flag	AuthConfig		AuthLDAPCompareDNOnServer on	AuthLDAPCompareDNOnServer on|off
AuthLDAPDereferenceAliases		authnz_ldap_module	1	AuthConfig		AuthLDAPDereferenceAliases always	AuthLDAPDereferenceAliases never|searching|finding|always
AuthLDAPGroupAttribute		authnz_ldap_module	each	AuthConfig		AuthLDAPGroupAttribute member uniqueMember	AuthLDAPGroupAttribute attribute
AuthLDAPGroupAttributeIsDN		authnz_ldap_module	flag	AuthConfig		AuthLDAPGroupAttributeIsDN on	AuthLDAPGroupAttributeIsDN on|off
AuthLDAPInitialBindAsUser		authnz_ldap_module	flag	AuthConfig		AuthLDAPInitialBindAsUser off	AuthLDAPInitialBindAsUser off|on
AuthLDAPInitialBindPattern		authnz_ldap_module	2	AuthConfig		AuthLDAPInitialBindPattern (.*) $1 (remote username used verbatim)	AuthLDAPInitialBindPattern regex substitution
AuthLDAPMaxSubGroupDepth		authnz_ldap_module	1	AuthConfig		AuthLDAPMaxSubGroupDepth 10	AuthLDAPMaxSubGroupDepth Number
AuthLDAPRemoteUserAttribute		authnz_ldap_module	1	AuthConfig		none	AuthLDAPRemoteUserAttribute uid
AuthLDAPRemoteUserIsDN		authnz_ldap_module	flag	AuthConfig		AuthLDAPRemoteUserIsDN off	AuthLDAPRemoteUserIsDN on|off
AuthLDAPSearchAsUser		authnz_ldap_module	flag	AuthConfig		AuthLDAPSearchAsUser off	AuthLDAPSearchAsUser on|off
AuthLDAPSubGroupAttribute		authnz_ldap_module	each	AuthConfig		AuthLDAPSubGroupAttribute member uniqueMember	AuthLDAPSubGroupAttribute attribute
AuthLDAPSubGroupClass		authnz_ldap_module	each	AuthConfig		AuthLDAPSubGroupClass groupOfNames groupOfUniqueNames	AuthLDAPSubGroupClass LdapObjectClass
AuthLDAPURL		authnz_ldap_module	1|2	AuthConfig			AuthLDAPURL url [NONE|SSL|TLS|STARTTLS]
AuthMerging		authz_core_module	1	AuthConfig		AuthMerging Off	AuthMerging Off | And | Or
AuthName		authn_core_module	1	AuthConfig			AuthName auth-domain
AuthnCacheContext		authn_socache_module	1	section		AuthnCacheContext directory	AuthnCacheContext directory|server|custom-string
AuthnCacheEnable		authn_socache_module	raw	server	virtualhost		AuthnCacheEnable
AuthnCacheProvideFor		authn_socache_module	each	AuthConfig		None	AuthnCacheProvideFor authn-provider [...]
AuthnCacheSOCache		authn_socache_module	1	server	virtualhost		AuthnCacheSOCache provider-name[:provider-args]
AuthnCacheTimeout		authn_socache_module	1	AuthConfig		AuthnCacheTimeout 300 (5 minutes)	AuthnCacheTimeout timeout (seconds)
AuthnProviderAlias	s	authn_core_module	raw	server	virtualhost		<AuthnProviderAlias baseProvider Alias> ... </AuthnProviderAlias>
AuthnzFcgiCheckAuthnProvider		authnz_fcgi_module	argv	FileInfo		none	AuthnzFcgiCheckAuthnProvider provider-name|None option ...
AuthnzFcgiDefineProvider		authnz_fcgi_module	argv	server	virtualhost	none	AuthnzFcgiDefineProvider type provider-name backend-address
AuthType		authn_core_module	1	AuthConfig			AuthType None|Basic|Digest|Form
AuthUserFile		authn_file_module	1	AuthConfig			AuthUserFile file-path
AuthzDBDLoginToReferer		authz_dbd_module	flag	section		AuthzDBDLoginToReferer Off	AuthzDBDLoginToReferer On|Off
AuthzDBDQuery		authz_dbd_module	1	section			AuthzDBDQuery query
AuthzDBDRedirectQuery		authz_dbd_module	1	section			AuthzDBDRedirectQuery query
AuthzDBMType		authz_dbm_module	1	AuthConfig		AuthzDBMType default	AuthzDBMType default|SDBM|GDBM|NDBM|DB
AuthzProviderAlias	s	authz_core_module	raw	server	virtualhost		<AuthzProviderAlias baseProvider Alias Require-Parameters> ... </AuthzProviderAlias>
AuthzSendForbiddenOnFailure		authz_core_module	flag	AuthConfig		AuthzSendForbiddenOnFailure Off	AuthzSendForbiddenOnFailure On|Off
BalancerGrowth		proxy_module	1	server		BalancerGrowth 5	BalancerGrowth #
BalancerInherit		proxy_module	flag	server		BalancerInherit On	BalancerInherit On|Off
BalancerMember		proxy_module	raw	section,server			BalancerMember [balancerurl] url [key=value [key=value ...]]
BalancerPersist		proxy_module	flag	server		BalancerPersist Off	BalancerPersist On|Off
BrotliAlterETag		brotli_module	1	server		BrotliAlterETag AddSuffix	BrotliAlterETag AddSuffix|NoChange|Remove
BrotliCompressionMaxInputBlock		brotli_module	1	server		(automatic)	BrotliCompressionMaxInputBlock value
BrotliCompressionQuality		brotli_module	1	server		BrotliCompressionQuality 5	BrotliCompressionQuality value
BrotliCompressionWindow		brotli_module	1	server		BrotliCompressionWindow 18	BrotliCompressionWindow value
BrotliFilterNote		brotli_module	1|2	server		None	BrotliFilterNote [type] notename
BrowserMatch		setenvif_module	raw	FileInfo			BrowserMatch regex [!]env-variable[=value] [[!]env-variable[=value]] ...
BrowserMatchNoCase		setenvif_module	raw	FileInfo			BrowserMatchNoCase regex [!]env-variable[=value] [[!]env-variable[=value]] ...
BufferedLogs		log_config_module	flag	server		BufferedLogs Off	BufferedLogs On|Off
BufferSize		buffer_module	1	section		BufferSize 131072	BufferSize integer
CacheDefaultExpire		cache_module	1	section,server		CacheDefaultExpire 3600 (one hour)	CacheDefaultExpire seconds
CacheDetailHeader		cache_module	flag	section,server		CacheDetailHeader off	CacheDetailHeader on|off
CacheDirLength		cache_disk_module	1	server		CacheDirLength 2	CacheDirLength length
CacheDirLevels		cache_disk_module	1	server		CacheDirLevels 2	CacheDirLevels levels
CacheDisable		cache_module	1	section,server	directory,files,if,limit		CacheDisable url-string | on
CacheEnable		cache_module	1|2	section,server	directory,files,if,limit		CacheEnable cache_type [url-string]
cachefile		file_cache_module	each	server			CacheFile file-path [file-path] ...
CacheHeader		cache_module	flag	section,server		CacheHeader off	CacheHeader on|off
CacheIgnoreCacheControl		cache_module	flag	server		CacheIgnoreCacheControl Off	CacheIgnoreCacheControl On|Off
CacheIgnoreHeaders		cache_module	each	server		CacheIgnoreHeaders None	CacheIgnoreHeaders header-string [header-string] ...
CacheIgnoreNoLastMod		cache_module	flag	section,server		CacheIgnoreNoLastMod Off	CacheIgnoreNoLastMod On|Off
CacheIgnoreQueryString		cache_module	flag	server		CacheIgnoreQueryString Off	CacheIgnoreQueryString On|Off
CacheIgnoreURLSessionIdentifiers		cache_module	each	server		CacheIgnoreURLSessionIdentifiers None	CacheIgnoreURLSessionIdentifiers identifier [identifier] ...
CacheKeyBaseURL		cache_module	1	server			CacheKeyBaseURL URL
CacheLastModifiedFactor		cache_module	1	section,server		CacheLastModifiedFactor 0.1	CacheLastModifiedFactor float
CacheLock		cache_module	flag	server		CacheLock off	CacheLock on|off
CacheLockMaxAge		cache_module	1	server		CacheLockMaxAge 5	CacheLockMaxAge integer
CacheLockPath		cache_module	1	server		CacheLockPath /tmp/mod_cache-lock	CacheLockPath directory
CacheMaxExpire		cache_module	1	section,server		CacheMaxExpire 86400 (one day)	CacheMaxExpire seconds
CacheMaxFileSize		cache_disk_module	1	section,server		CacheMaxFileSize 1000000	CacheMaxFileSize bytes
CacheMinExpire		cache_module	1	section,server		CacheMinExpire 0	CacheMinExpire seconds
CacheMinFileSize		cache_disk_module	1	section,server		CacheMinFileSize 1	CacheMinFileSize bytes
CacheNegotiatedDocs		negotiation_module	flag	server		CacheNegotiatedDocs Off	CacheNegotiatedDocs On|Off
CacheQuickHandler		cache_module	flag	server		CacheQuickHandler on	CacheQuickHandler on|off
CacheReadSize		cache_disk_module	1	section,server		CacheReadSize 0	CacheReadSize bytes
CacheReadTime		cache_disk_module	1	section,server		CacheReadTime 0	CacheReadTime milliseconds
CacheRoot		cache_disk_module	1	server			CacheRoot directory
CacheSocache		cache_socache_module	1	server			CacheSocache type[:args]
CacheSocacheMaxSize		cache_socache_module	1	section,server		CacheSocacheMaxSize 102400	CacheSocacheMaxSize bytes
CacheSocacheMaxTime		cache_socache_module	1	section,server		CacheSocacheMaxTime 86400	CacheSocacheMaxTime seconds
CacheSocacheMinTime		cache_socache_module	1	section,server		CacheSocacheMinTime 600	CacheSocacheMinTime seconds
CacheSocacheReadSize		cache_socache_module	1	section,server		CacheSocacheReadSize 0	CacheSocacheReadSize bytes
CacheSocacheReadTime		cache_socache_module	1	section,server		CacheSocacheReadTime 0	CacheSocacheReadTime milliseconds
CacheStaleOnError		cache_module	flag	section,server		CacheStaleOnError on	CacheStaleOnError on|off
CacheStoreExpired		cache_module	flag	section,server		CacheStoreExpired Off	CacheStoreExpired On|Off
CacheStoreNoStore		cache_module	flag	section,server		CacheStoreNoStore Off	CacheStoreNoStore On|Off
CacheStorePrivate		cache_module	flag	section,server		CacheStorePrivate Off	CacheStorePrivate On|Off
CaseFilter		case_filter_module	flag	server			
CaseFilterIn		case_filter_in_module	flag	server			
CGIDScriptTimeout		cgid_module	1	section,server		value of Timeout directive when unset or set to 0	CGIDScriptTimeout time[s|ms]
CGIMapExtension	d	core_module	raw	any,section,server,proxy			CGIMapExtension cgi-path .extension
CGIPassAuth		core_module	flag	AuthConfig		CGIPassAuth Off	CGIPassAuth On|Off
CGIScriptTimeout		cgi_module	1	section,server		value of Timeout directive when unset	CGIScriptTimeout time[s|ms]
CGIVar		core_module	2	FileInfo			CGIVar variable rule
CharsetDefault		charset_lite_module	1	FileInfo			CharsetDefault charset
CharsetOptions		charset_lite_module	each	FileInfo		CharsetOptions ImplicitAdd	CharsetOptions option [option] ...
CharsetSourceEnc		charset_lite_module	1	FileInfo			CharsetSourceEnc charset
CheckBasenameMatch		speling_module	flag	Options		CheckBasenameMatch On	CheckBasenameMatch on|off
CheckCaseOnly		speling_module	flag	Options		CheckCaseOnly Off	CheckCaseOnly on|off
CheckSpelling		speling_module	flag	Options		CheckSpelling Off	CheckSpelling on|off
ChrootDir		unixd_module	1	server	virtualhost	none	ChrootDir /path/to/directory
ContentDigest		core_module	flag	Options		ContentDigest Off	ContentDigest On|Off
CookieDomain		usertrack_module	1	FileInfo			CookieDomain domain
CookieExpires		usertrack_module	1	FileInfo			CookieExpires expiry-period
CookieHttpOnly		usertrack_module	flag	FileInfo		CookieHTTPOnly off	CookieHTTPOnly on|off
CookieName		usertrack_module	1	FileInfo		CookieName Apache	CookieName token
CookieSameSite		usertrack_module	1	FileInfo		unset	CookieSameSite None|Lax|Strict
CookieSecure		usertrack_module	flag	FileInfo		CookieSecure off	CookieSecure on|off
CookieStyle		usertrack_module	1	FileInfo		CookieStyle Netscape	CookieStyle Netscape|Cookie|Cookie2|RFC2109|RFC2965
CookieTracking		usertrack_module	flag	FileInfo		CookieTracking off	CookieTracking on|off
CoreDumpDirectory		core_module	1	server	virtualhost	See usage for the default setting	CoreDumpDirectory directory
CustomLog		log_config_module	2|3	server			CustomLog file|pipe format|nickname [env=[!]environment-variable| expr=expression]
DAV		dav_module	1	section		Dav Off	Dav On|Off|provider-name
DAVBasePath		dav_module	1	section		None	DavBasePath root-path
DAVDepthInfinity		dav_module	flag	section,server		DavDepthInfinity off	DavDepthInfinity on|off
DAVGenericLockDB		dav_lock_module	1	section			DavGenericLockDB file-path
DAVLockDB		dav_fs_module	1	server			DavLockDB file-path
DAVLockDiscovery		dav_module	flag	section,server		DavLockDiscovery on	DavLockDiscovery on|off
DAVMinTimeout		dav_module	1	section,server		DavMinTimeout 0	DavMinTimeout seconds
DBDExptime		dbd_module	1	server		DBDExptime 300	DBDExptime time-in-seconds
DBDInitSQL		dbd_module	1	server			DBDInitSQL "SQL statement"
DBDKeep		dbd_module	1	server		DBDKeep 2	DBDKeep number
DBDMax		dbd_module	1	server		DBDMax 10	DBDMax number
DBDMin		dbd_module	1	server		DBDMin 1	DBDMin number
DBDParams		dbd_module	1	server			DBDParams param1=value1[,param2=value2]
DBDPersist		dbd_module	flag	server			DBDPersist On|Off
DBDPrepareSQL		dbd_module	1|2	server			DBDPrepareSQL "SQL statement" label
DBDriver		dbd_module	1	server			DBDriver name
DefaultIcon		autoindex_module	1	Indexes			DefaultIcon url-path
DefaultLanguage		mime_module	1	FileInfo			DefaultLanguage language-tag
DefaultRuntimeDir	x	core_module	1	server		DefaultRuntimeDir DEFAULT_REL_RUNTIMEDIR (logs/)	DefaultRuntimeDir directory-path
DefaultType		core_module	1	FileInfo		DefaultType none	DefaultType media-type|none
Define	x	core_module	1|2	section,server			Define parameter-name [parameter-value]
DeflateAlterEtag		deflate_module	1	server		DeflateAlterETag AddSuffix	DeflateAlterETag AddSuffix|NoChange|Remove
DeflateBufferSize		deflate_module	1	server		DeflateBufferSize 8096	DeflateBufferSize value
DeflateCompressionLevel		deflate_module	1	server		Zlib's default	DeflateCompressionLevel value
DeflateFilterNote		deflate_module	1|2	server			DeflateFilterNote [type] notename
DeflateInflateLimitRequestBody		deflate_module	1	any		None, but LimitRequestBody applies after deflation	DeflateInflateLimitRequestBody value
DeflateInflateRatioBurst		deflate_module	1	any		DeflateInflateRatioBurst 3	DeflateInflateRatioBurst value
DeflateInflateRatioLimit		deflate_module	1	any		DeflateInflateRatioLimit 200	DeflateInflateRatioLimit value
DeflateMemLevel		deflate_module	1	server		DeflateMemLevel 9	DeflateMemLevel value
DeflateWindowSize		deflate_module	1	server		DeflateWindowSize 15	DeflateWindowSize value
deny		access_compat_module	first-with-each	Limit			Deny from all|host|env=[!]env-variable [host|env=[!]env-variable] ...
Directory	s	core_module	raw	server			<Directory directory-path> ... </Directory>
DirectoryCheckHandler		dir_module	flag	Indexes		DirectoryCheckHandler Off	DirectoryCheckHandler On|Off
DirectoryIndex		dir_module	raw	Indexes		DirectoryIndex index.html	DirectoryIndex disabled | local-url [local-url] ...
DirectoryIndexRedirect		dir_module	1	Indexes		DirectoryIndexRedirect off	DirectoryIndexRedirect on | off | permanent | temp | seeother | 3xx-code
DirectoryMatch	s	core_module	raw	server			<DirectoryMatch regex> ... </DirectoryMatch>
DirectorySlash		dir_module	flag	Indexes		DirectorySlash On	DirectorySlash On|Off
DocumentRoot		core_module	1	server		DocumentRoot "/usr/local/apache/htdocs"	DocumentRoot directory-path
DTracePrivileges	d	privileges_module	raw	any,section,server,proxy		DTracePrivileges Off	DTracePrivileges On|Off
DumpIOInput		dumpio_module	flag	server		DumpIOInput Off	DumpIOInput On|Off
DumpIOOutput		dumpio_module	flag	server		DumpIOOutput Off	DumpIOOutput On|Off
Else	s	core_module	raw	any	limit		<Else> ... </Else>
ElseIf	s	core_module	raw	any	limit		<ElseIf expression> ... </ElseIf>
EnableExceptionHook	d	mpm_event_module mpm_worker_module mpm_prefork_module	1	any,section,server,proxy		EnableExceptionHook Off	EnableExceptionHook On|Off
EnableMMAP		core_module	1	FileInfo		EnableMMAP On	EnableMMAP On|Off
EnableSendfile		core_module	1	FileInfo		EnableSendfile Off	EnableSendfile On|Off
Error		core_module	raw	any			Error message
ErrorDocument		core_module	2	FileInfo			ErrorDocument error-code document
ErrorLog		core_module	1	server		ErrorLog logs/error_log (Unix) ErrorLog logs/error.log (Windows and OS/2)	ErrorLog file-path|syslog[:[facility][:tag]]
ErrorLogFormat		core_module	1|2	server			ErrorLogFormat [connection|request] format
ExpiresActive		expires_module	flag	Indexes		ExpiresActive Off	ExpiresActive On|Off
ExpiresByType		expires_module	2	Indexes			ExpiresByType MIME-type <code>seconds
ExpiresDefault		expires_module	1	Indexes			ExpiresDefault <code>seconds
ExtendedStatus		core_module	flag	server	virtualhost	ExtendedStatus Off[*]	ExtendedStatus On|Off
ExtFilterDefine		ext_filter_module	raw	server			ExtFilterDefine filtername parameters
ExtFilterOptions		ext_filter_module	each	section		ExtFilterOptions NoLogStderr	ExtFilterOptions option [option] ...
FallbackResource		dir_module	1	Indexes		disabled - httpd will return 404 (Not Found)	FallbackResource disabled | local-url
FancyIndexing		autoindex_module	raw	any			
FileETag		core_module	raw	FileInfo		FileETag MTime Size	FileETag component ...
Files	s	core_module	raw	any	location,limit		<Files filename> ... </Files>
FilesMatch	s	core_module	raw	any	location,limit		<FilesMatch regex> ... </FilesMatch>
FilterChain		filter_module	each	Options			FilterChain [+=-@!]filter-name ...
FilterDeclare		filter_module	1|2	Options			FilterDeclare filter-name [type]
FilterProtocol		filter_module	2|3	Options			FilterProtocol filter-name [provider-name] proto-flags
FilterProvider		filter_module	3	Options			FilterProvider filter-name provider-name expression
FilterTrace		filter_module	2	section,server			FilterTrace filter-name level
FlushMaxPipelined		core_module	1	server		FlushMaxPipelined 5	FlushMaxPipelined number
FlushMaxThreshold		core_module	1	server		FlushMaxThreshold 65535	FlushMaxThreshold number-of-bytes
ForceLanguagePriority		negotiation_module	each	FileInfo		ForceLanguagePriority Prefer	ForceLanguagePriority None|Prefer|Fallback [Prefer|Fallback]
ForceType		core_module	1	FileInfo			ForceType media-type|None
ForensicLog		log_forensic_module	1	server			ForensicLog filename|pipe
GlobalLog		log_config_module	2|3	server	virtualhost		GlobalLog file|pipe format|nickname [env=[!]environment-variable| expr=expression]
GprofDir	d	core_module	1	any,section,server,proxy			GprofDir /tmp/gprof/|/tmp/gprof/%
GracefulShutdownTimeout		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost	GracefulShutdownTimeout 0	GracefulShutdownTimeout seconds
Group		unixd_module	1	server	virtualhost	Group #-1	Group unix-group
H2CopyFiles		http2_module	1	FileInfo		H2CopyFiles off	H2CopyFiles on|off
H2Direct		http2_module	1	server		H2Direct on for h2c, off for h2 protocol	H2Direct on|off
H2EarlyHint		http2_module	2	FileInfo,AuthConfig			H2EarlyHint name value
H2EarlyHints		http2_module	1	server		H2EarlyHints off	H2EarlyHints on|off
H2MaxDataFrameLen		http2_module	1	server		H2MaxDataFrameLen 0	H2MaxDataFrameLen n
H2MaxHeaderBlockLen		http2_module	1	server		H2MaxHeaderBlockLen 0	H2MaxHeaderBlockLen n
H2MaxSessionStreams		http2_module	1	server		H2MaxSessionStreams 100	H2MaxSessionStreams n
H2MaxStreamErrors		http2_module	1	server		H2MaxStreamErrors 8	H2MaxStreamErrors n
H2MaxWorkerIdleSeconds		http2_module	1	server		H2MaxWorkerIdleSeconds 600	H2MaxWorkerIdleSeconds n
H2MaxWorkers		http2_module	1	server			H2MaxWorkers n
H2MinWorkers		http2_module	1	server			H2MinWorkers n
H2ModernTLSOnly		http2_module	1	server		H2ModernTLSOnly on	H2ModernTLSOnly on|off
H2OutputBuffering		http2_module	1	server		H2OutputBuffering on	H2OutputBuffering on|off
H2Padding		http2_module	1	server		H2Padding 0	H2Padding numbits
H2ProxyRequests		http2_module	1	FileInfo		H2ProxyRequests off	H2ProxyRequests on|off
H2Push		http2_module	1	AuthConfig,server		H2Push on	H2Push on|off
H2PushDiarySize		http2_module	1	server		H2PushDiarySize 256	H2PushDiarySize n
H2PushPriority		http2_module	2|3	server		H2PushPriority * After 16	H2PushPriority mime-type [after|before|interleaved] [weight]
H2PushResource		http2_module	1|2|3	FileInfo,AuthConfig			H2PushResource [add] path [critical]
H2SerializeHeaders		http2_module	1	server		H2SerializeHeaders off	H2SerializeHeaders on|off
H2SessionExtraFiles		http2_module	1	server			
H2StreamMaxMemSize		http2_module	1	server		H2StreamMaxMemSize 65536	H2StreamMaxMemSize bytes
H2StreamTimeout		http2_module	1	server		Value of Timeout	H2StreamTimeout time-interval[s]
H2TLSCoolDownSecs		http2_module	1	server		H2TLSCoolDownSecs 1	H2TLSCoolDownSecs seconds
H2TLSWarmUpSize		http2_module	1	server		H2TLSWarmUpSize 1048576	H2TLSWarmUpSize amount
H2Upgrade		http2_module	1	AuthConfig,server		H2Upgrade on for h2c, off for h2 protocol	H2Upgrade on|off
H2WebSockets		http2_module	1	server		H2WebSockets off	H2WebSockets on|off
H2WindowSize		http2_module	1	server		H2WindowSize 65535	H2WindowSize bytes
Header		headers_module	raw	FileInfo			Header [condition] add|append|echo|edit|edit*|merge|set|setifempty|unset|note header [[expr=]value [replacement] [early|env=[!]varname|expr=expression]]
HeaderName		autoindex_module	1	Indexes			HeaderName filename
HeartbeatAddress		heartbeat_module	1	server	virtualhost	disabled	HeartbeatAddress addr:port
HeartbeatListen		heartmonitor_module	1	server	virtualhost	disabled	HeartbeatListen addr:port
HeartbeatMaxServers		heartmonitor_module	1	server	virtualhost	HeartbeatMaxServers 10	HeartbeatMaxServers number-of-servers
HeartbeatStorage		heartmonitor_module lbmethod_heartbeat_module	1	server	virtualhost	HeartbeatStorage logs/hb.dat	HeartbeatStorage file-path
HostnameLookups		core_module	1	section,server		HostnameLookups Off	HostnameLookups On|Off|Double
HttpProtocolOptions		core_module	each	server		HttpProtocolOptions Strict LenientMethods Allow0.9	HttpProtocolOptions [Strict|Unsafe] [RegisteredMethods|LenientMethods] [Allow0.9|Require1.0]
IdentityCheck		ident_module	flag	section,server		IdentityCheck Off	IdentityCheck On|Off
IdentityCheckTimeout		ident_module	1	section,server		IdentityCheckTimeout 30	IdentityCheckTimeout seconds
If	s	core_module	raw	any	limit		<If expression> ... </If>
IfDefine	sx	core_module	raw	any			<IfDefine [!]parameter-name> ... </IfDefine>
IfDirective	sx	core_module	raw	any			<IfDirective [!]directive-name> ... </IfDirective>
IfFile	sx	core_module	raw	any			<IfFile [!]filename> ... </IfFile>
IfModule	sx	core_module	raw	any			<IfModule [!]module-file|module-identifier> ... </IfModule>
IfSection	sx	core_module	raw	any			<IfSection [!]section-name> ... </IfSection>
IfVersion	sx	version_module	1|2|3	any			<IfVersion [[!]operator] version> ... </IfVersion>
ImapBase		imagemap_module	1	Indexes		ImapBase http://servername/	ImapBase map|referer|URL
ImapDefault		imagemap_module	1	Indexes		ImapDefault nocontent	ImapDefault error|nocontent|map|referer|URL
ImapMenu		imagemap_module	1	Indexes		ImapMenu formatted	ImapMenu none|formatted|semiformatted|unformatted
Include	x	core_module	1	section,server			Include file-path|directory-path|wildcard
IncludeOptional	x	core_module	1	section,server			IncludeOptional file-path|directory-path|wildcard
IndexHeadInsert		autoindex_module	1	Indexes			IndexHeadInsert "markup ..."
IndexIgnore		autoindex_module	each	Indexes		IndexIgnore "."	IndexIgnore file [file] ...
IndexIgnoreReset		autoindex_module	flag	Indexes			IndexIgnoreReset ON|OFF
IndexOptions		autoindex_module	argv	Indexes		By default, no options are enabled.	IndexOptions [+|-]option [[+|-]option] ...
IndexOrderDefault		autoindex_module	2	Indexes		IndexOrderDefault Ascending Name	IndexOrderDefault Ascending|Descending Name|Date|Size|Description
IndexStyleSheet		autoindex_module	1	Indexes			IndexStyleSheet url-path
InputSed		sed_module	1	section			InputSed sed-command
ISAPIAppendLogToErrors	d	isapi_module	raw	any,section,server,proxy		ISAPIAppendLogToErrors off	ISAPIAppendLogToErrors on|off
ISAPIAppendLogToQuery	d	isapi_module	raw	any,section,server,proxy		ISAPIAppendLogToQuery on	ISAPIAppendLogToQuery on|off
ISAPICacheFile	d	isapi_module	raw	any,section,server,proxy			ISAPICacheFile file-path [file-path] ...
ISAPIFakeAsync	d	isapi_module	raw	any,section,server,proxy		ISAPIFakeAsync off	ISAPIFakeAsync on|off
ISAPILogNotSupported	d	isapi_module	raw	any,section,server,proxy		ISAPILogNotSupported off	ISAPILogNotSupported on|off
ISAPIReadAheadBuffer	d	isapi_module	raw	any,section,server,proxy		ISAPIReadAheadBuffer 49152	ISAPIReadAheadBuffer size
KeepAlive		http_module	flag	server		KeepAlive On	KeepAlive On|Off
KeepAliveTimeout		http_module	1	server		KeepAliveTimeout 5	KeepAliveTimeout num[ms]
KeptBodySize		request_module	1	section		KeptBodySize 0	KeptBodySize maximum size in bytes
LanguagePriority		negotiation_module	each	FileInfo			LanguagePriority MIME-lang [MIME-lang] ...
LDAPCacheEntries		ldap_module	1	server	virtualhost	LDAPCacheEntries 1024	LDAPCacheEntries number
LDAPCacheTTL		ldap_module	1	server	virtualhost	LDAPCacheTTL 600	LDAPCacheTTL seconds
LDAPConnectionPoolTTL		ldap_module	1	server		LDAPConnectionPoolTTL -1	LDAPConnectionPoolTTL n
LDAPConnectionTimeout		ldap_module	1	server	virtualhost		LDAPConnectionTimeout seconds
LDAPLibraryDebug		ldap_module	1	server	virtualhost	disabled	LDAPLibraryDebug 7
LDAPOpCacheEntries		ldap_module	1	server	virtualhost	LDAPOpCacheEntries 1024	LDAPOpCacheEntries number
LDAPOpCacheTTL		ldap_module	1	server	virtualhost	LDAPOpCacheTTL 600	LDAPOpCacheTTL seconds
LDAPReferralHopLimit		ldap_module	1	AuthConfig		SDK dependent, typically between 5 and 10	LDAPReferralHopLimit number
LDAPReferrals		ldap_module	1	AuthConfig		LDAPReferrals On	LDAPReferrals On|Off|default
LDAPRetries		ldap_module	1	server	virtualhost	LDAPRetries 3	LDAPRetries number-of-retries
LDAPRetryDelay		ldap_module	1	server	virtualhost	LDAPRetryDelay 0	LDAPRetryDelay seconds
LDAPSharedCacheFile		ldap_module	1	server	virtualhost		LDAPSharedCacheFile directory-path/filename
LDAPSharedCacheSize		ldap_module	1	server	virtualhost	LDAPSharedCacheSize 500000	LDAPSharedCacheSize bytes
LDAPTimeout		ldap_module	1	server	virtualhost	LDAPTimeout 60	LDAPTimeout seconds
LDAPTrustedClientCert		ldap_module	2|3	AuthConfig			LDAPTrustedClientCert type directory-path/filename/nickname [password]
LDAPTrustedGlobalCert		ldap_module	2|3	server	virtualhost		LDAPTrustedGlobalCert type directory-path/filename [password]
LDAPTrustedMode		ldap_module	1	server			LDAPTrustedMode type
LDAPVerifyServerCert		ldap_module	flag	server	virtualhost	LDAPVerifyServerCert On	LDAPVerifyServerCert On|Off
Limit	s	core_module	raw	Limit,AuthConfig			<Limit method [method] ... > ... </Limit>
LimitExcept	s	core_module	raw	Limit,AuthConfig			<LimitExcept method [method] ... > ... </LimitExcept>
LimitInternalRecursion		core_module	1|2	server		LimitInternalRecursion 10	LimitInternalRecursion number [number]
LimitRequestBody		core_module	1	any		LimitRequestBody 1073741824	LimitRequestBody bytes
LimitRequestFields		core_module	1	server		LimitRequestFields 100	LimitRequestFields number
LimitRequestFieldsize		core_module	1	server		LimitRequestFieldSize 8190	LimitRequestFieldSize bytes
LimitRequestLine		core_module	1	server		LimitRequestLine 8190	LimitRequestLine bytes
LimitXMLRequestBody		core_module	1	any		LimitXMLRequestBody 1000000	LimitXMLRequestBody bytes
Listen		mpm_event_module mpm_prefork_module mpm_worker_module	argv	server	virtualhost		Listen [IP-address:]portnumber [protocol]
ListenBacklog		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost	ListenBackLog 511	ListenBackLog backlog
ListenCoresBucketsRatio		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost	ListenCoresBucketsRatio 0 (disabled)	ListenCoresBucketsRatio ratio
ListenTCPDeferAccept		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost	ListenTCPDeferAccept 30	ListenTCPDeferAccept integer
LoadFile	x	so_module	each	server			LoadFile filename [filename] ...
LoadModule	x	so_module	2	server			LoadModule module filename
Location	s	core_module	raw	server			<Location URL-path|URL> ... </Location>
LocationMatch	s	core_module	raw	server			<LocationMatch regex> ... </LocationMatch>
LogFormat		log_config_module	1|2	server		LogFormat "%h %l %u %t \\"%r\\" %>s %b"	LogFormat format|nickname [nickname]
LogIOTrackTTFB		logio_module	flag	any		LogIOTrackTTFB OFF	LogIOTrackTTFB ON|OFF
LogLevel		core_module	each	section,server		LogLevel warn	LogLevel [module:]level [module:level] ...
LogMessage		log_debug_module	1|2|3	section,server		Unset	LogMessage message [hook=hook] [expr=expression]
Lua_____ByteCodeHack		lua_module	raw	any			
LuaAuthzProvider	x	lua_module	3	server			LuaAuthzProvider provider_name /path/to/lua/script.lua function_name
LuaCodeCache		lua_module	1	any		LuaCodeCache stat	LuaCodeCache stat|forever|never
LuaHookAccessChecker		lua_module	2|3	any			LuaHookAccessChecker /path/to/lua/script.lua hook_function_name [early|late]
LuaHookAccessChecker	sx	lua_module	raw	any			
LuaHookAuthChecker		lua_module	2|3	any			LuaHookAuthChecker /path/to/lua/script.lua hook_function_name [early|late]
LuaHookAuthChecker	sx	lua_module	raw	any			
LuaHookCheckUserID		lua_module	2|3	any			LuaHookCheckUserID /path/to/lua/script.lua hook_function_name [early|late]
LuaHookCheckUserID	sx	lua_module	raw	any			
LuaHookFixups		lua_module	2	any			LuaHookFixups /path/to/lua/script.lua hook_function_name
LuaHookFixups	sx	lua_module	raw	any			
LuaHookInsertFilter		lua_module	2	any			LuaHookInsertFilter /path/to/lua/script.lua hook_function_name
LuaHookLog		lua_module	2	any			LuaHookLog /path/to/lua/script.lua log_function_name
LuaHookMapToStorage		lua_module	2	any			LuaHookMapToStorage /path/to/lua/script.lua hook_function_name
LuaHookMapToStorage	sx	lua_module	raw	any			
LuaHookPreTranslate	d	lua_module	raw	any,section,server,proxy			LuaHookPreTranslate /path/to/lua/script.lua hook_function_name
LuaHookPreTranslateName		lua_module	2	any			
LuaHookPreTranslateName	sx	lua_module	raw	any			
LuaHookTranslateName		lua_module	2|3	any	directory,files,if,limit		LuaHookTranslateName /path/to/lua/script.lua hook_function_name [early|late]
LuaHookTranslateName	sx	lua_module	raw	any			
LuaHookTypeChecker		lua_module	2	any			LuaHookTypeChecker /path/to/lua/script.lua hook_function_name
LuaHookTypeChecker	sx	lua_module	raw	any			
LuaInherit		lua_module	1	any		LuaInherit parent-first	LuaInherit none|parent-first|parent-last
LuaInputFilter		lua_module	3	any	directory,files,if,limit		LuaInputFilter filter_name /path/to/lua/script.lua function_name
LuaMapHandler		lua_module	2|3	any	directory,files,if,limit		LuaMapHandler uri-pattern /path/to/lua/script.lua [function-name]
LuaOutputFilter		lua_module	3	any	directory,files,if,limit		LuaOutputFilter filter_name /path/to/lua/script.lua function_name
LuaPackageCPath		lua_module	1	any			LuaPackageCPath /path/to/include/?.soa
LuaPackagePath		lua_module	1	any			LuaPackagePath /path/to/include/?.lua
LuaQuickHandler		lua_module	2	any	directory,files,if,limit		LuaQuickHandler /path/to/script.lua hook_function_name
LuaQuickHandler	sx	lua_module	raw	any			
LuaRoot		lua_module	1	any			LuaRoot /path/to/a/directory
LuaScope		lua_module	1|2|3	any		LuaScope once	LuaScope once|request|conn|thread|server [min] [max]
Macro	sx	macro_module	raw	any			<Macro name [par1 .. parN]> ... </Macro>
MacroIgnoreBadNesting	x	macro_module	raw	any			
MacroIgnoreEmptyArgs	x	macro_module	raw	any			
MaxClients		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost		
MaxConnectionsPerChild		core_module	1	server	virtualhost	MaxConnectionsPerChild 0	MaxConnectionsPerChild number
MaxKeepAliveRequests		http_module	1	server		MaxKeepAliveRequests 100	MaxKeepAliveRequests number
MaxMemFree		core_module	1	server	virtualhost	MaxMemFree 2048	MaxMemFree KBytes
MaxRangeOverlaps		core_module	1	section,server		MaxRangeOverlaps 20	MaxRangeOverlaps default | unlimited | none | number-of-ranges
MaxRangeReversals		core_module	1	section,server		MaxRangeReversals 20	MaxRangeReversals default | unlimited | none | number-of-ranges
MaxRanges		core_module	1	section,server		MaxRanges 200	MaxRanges default | unlimited | none | number-of-ranges
MaxRequestsPerChild		core_module	1	server	virtualhost		
MaxRequestWorkers		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost	See usage for details	MaxRequestWorkers number
MaxSpareServers		mpm_prefork_module	1	server	virtualhost	MaxSpareServers 10	MaxSpareServers number
MaxSpareThreads		mpm_event_module mpm_worker_module	1	server	virtualhost	See usage for details	MaxSpareThreads number
MaxThreads	d	mpm_netware_module	1	any,section,server,proxy		MaxThreads 2048	MaxThreads number
MDActivationDelay		md_module	1	server			MDActivationDelay duration
MDBaseServer		md_module	1	server		MDBaseServer off	MDBaseServer on|off
MDCACertificateFile		md_module	1	server		MDCACertificateFile none	MDCACertificateFile file
MDCAChallenges		md_module	argv	server		MDCAChallenges tls-alpn-01 http-01 dns-01	MDCAChallenges name [ name ... ]
MDCertificateAgreement		md_module	1	server			MDCertificateAgreement accepted
MDCertificateAuthority		md_module	argv	server		MDCertificateAuthority letsencrypt	MDCertificateAuthority url
MDCertificateCheck		md_module	2	server			MDCertificateCheck name url
MDCertificateFile		md_module	1	server			MDCertificateFile path-to-pem-file
MDCertificateKeyFile		md_module	1	server			MDCertificateKeyFile path-to-file
MDCertificateMonitor	d	md_module	raw	any,section,server,proxy		MDCertificateMonitor crt.sh https://crt.sh?q=	MDCertificateMonitor name url
MDCertificateProtocol		md_module	1	server		MDCertificateProtocol ACME	MDCertificateProtocol protocol
MDCertificateStatus		md_module	1	server		MDCertificateStatus on	MDCertificateStatus on|off
MDChallengeDns01		md_module	raw	server			MDChallengeDns01 path-to-command
MDChallengeDns01Version		md_module	1	server		MDChallengeDns01Version 1	MDChallengeDns01Version 1|2
MDCheckInterval		md_module	1	server		MDCheckInterval 12h	MDCheckInterval duration
MDContactEmail		md_module	1	server			MDContactEmail address
MDDriveMode		md_module	1	server		MDDriveMode auto	MDDriveMode always|auto|manual
MDExternalAccountBinding		md_module	1|2	server		MDExternalAccountBinding none	MDExternalAccountBinding key-id hmac-64 | none | file
MDHttpProxy		md_module	1	server			MDHttpProxy url
MDHttpProxyCACertificateFile		md_module	1	server		MDHttpProxyCACertificateFile none	MDHttpProxyCACertificateFile path-to-pem-file
MDInitialDelay		md_module	1	server		MDInitialDelay 0s	MDInitialDelay duration
MDMatchNames		md_module	1	server		MDMatchNames all	MDMatchNames all|servernames
MDMember		md_module	argv	server			MDMember hostname
MDMembers		md_module	argv	server		MDMembers auto	MDMembers auto|manual
MDMessageCmd		md_module	raw	server			MDMessageCmd path-to-cmd optional-args
MDMustStaple		md_module	1	server		MDMustStaple off	MDMustStaple on|off
MDNotifyCmd		md_module	raw	server			MDNotifyCmd path [ args ]
MDomain		md_module	argv	server			MDomain dns-name [ other-dns-name... ] [auto|manual]
MDomain	s	md_module	raw	server			
MDomainSet	s	md_module	raw	server			<MDomainSet dns-name [ other-dns-name... ]>...</MDomainSet>
MDPortMap		md_module	1|2	server		MDPortMap http:80 https:443	MDPortMap map1 [ map2 ]
MDPrivateKeys		md_module	argv	server		MDPrivateKeys RSA 2048	MDPrivateKeys type [ params... ]
MDProfile		md_module	1	server			MDProfile name
MDProfileMandatory		md_module	1	server		MDProfileMandatory off	MDProfileMandatory on|off
MDRenewMode		md_module	1	server		MDRenewMode auto	MDRenewMode always|auto|manual
MDRenewViaARI		md_module	1	server		MDRenewViaARI on	MDRenewViaARI on|off
MDRenewWindow		md_module	1	server		MDRenewWindow 33%	MDRenewWindow duration
MDRequireHttps		md_module	1	AuthConfig,server	directory,location,limit	MDRequireHttps off	MDRequireHttps off|temporary|permanent
MDRetryDelay		md_module	1	server		MDRetryDelay 30s	MDRetryDelay duration
MDRetryFailover		md_module	1	server		MDRetryFailover 13	MDRetryFailover number
MDServerStatus		md_module	1	server		MDServerStatus off	MDServerStatus on|off
MDStapleOthers		md_module	1	server		MDStapleOthers on	MDStapleOthers on|off
MDStapling		md_module	1	server		MDStapling off	MDStapling on|off
MDStaplingKeepResponse		md_module	1	server		MDStaplingKeepResponse 7d	MDStaplingKeepResponse duration
MDStaplingRenewWindow		md_module	1	server		MDStaplingRenewWindow 33%	MDStaplingRenewWindow duration
MDStoreDir		md_module	1	server		MDStoreDir md	MDStoreDir path
MDStoreLocks		md_module	1	server		MDStoreLocks off	MDStoreLocks on|off|duration
MDWarnWindow		md_module	1	server		MDWarnWindow 10%	MDWarnWindow duration
MemcacheConnTTL		socache_memcache_module	1	server		MemcacheConnTTL 15s	MemcacheConnTTL num[units]
MergeSlashes		core_module	flag	server		MergeSlashes ON	MergeSlashes ON|OFF
MergeTrailers		core_module	flag	server		MergeTrailers off	MergeTrailers [on|off]
MetaDir		cern_meta_module	1	Indexes		MetaDir .web	MetaDir directory
MetaFiles		cern_meta_module	flag	Indexes		MetaFiles off	MetaFiles on|off
MetaSuffix		cern_meta_module	1	Indexes		MetaSuffix .meta	MetaSuffix suffix
MimeMagicFile		mime_magic_module	1	server			MimeMagicFile file-path
MinSpareServers		mpm_prefork_module	1	server	virtualhost	MinSpareServers 5	MinSpareServers number
MinSpareThreads		mpm_event_module mpm_worker_module	1	server	virtualhost	See usage for details	MinSpareThreads number
mmapfile		file_cache_module	each	server			MMapFile file-path [file-path] ...
ModemStandard		dialup_module	1	section			ModemStandard V.21|V.26bis|V.32|V.34|V.92
ModMimeUsePathInfo		mime_module	flag	section		ModMimeUsePathInfo Off	ModMimeUsePathInfo On|Off
MultiviewsMatch		mime_module	each	FileInfo	location,limit	MultiviewsMatch NegotiatedOnly	MultiviewsMatch Any|NegotiatedOnly|Filters|Handlers [Handlers|Filters]
Mutex		core_module	raw	server	virtualhost	Mutex default	Mutex mechanism [default|mutex-name] ... [OmitPID]
NameVirtualHost		core_module	1	server			NameVirtualHost addr[:port]
NoProxy		proxy_module	each	server			NoProxy host [host] ...
NWSSLTrustedCerts	d	nw_ssl_module	raw	any,section,server,proxy			NWSSLTrustedCerts filename [filename] ...
NWSSLUpgradeable	d	nw_ssl_module	raw	any,section,server,proxy			NWSSLUpgradeable [IP-address:]portnumber
Options		core_module	raw	Options		Options FollowSymlinks	Options [+|-]option [[+|-]option] ...
order		access_compat_module	1	Limit		Order Deny,Allow	Order ordering
OutputSed		sed_module	1	section			OutputSed sed-command
PassEnv		env_module	each	FileInfo			PassEnv env-variable [env-variable] ...
PidFile		core_module	1	server	virtualhost	PidFile logs/httpd.pid	PidFile filename
Port		core_module	1	server			
PrivilegesMode	d	privileges_module	raw	any,section,server,proxy		PrivilegesMode FAST	PrivilegesMode FAST|SECURE|SELECTIVE
Protocol		core_module	1	server			Protocol protocol
ProtocolEcho		echo_module	flag	server		ProtocolEcho Off	ProtocolEcho On|Off
Protocols		core_module	each	server		Protocols http/1.1	Protocols protocol ...
ProtocolsHonorOrder		core_module	1	server		ProtocolsHonorOrder On	ProtocolsHonorOrder On|Off
Proxy	s	proxy_module	raw	server			<Proxy wildcard-url> ...</Proxy>
Proxy100Continue		proxy_module	flag	section,server		Proxy100Continue On	Proxy100Continue Off|On
ProxyAddHeaders		proxy_module	flag	section,server		ProxyAddHeaders On	ProxyAddHeaders Off|On
ProxyBadHeader		proxy_module	1	server		ProxyBadHeader IsError	ProxyBadHeader IsError|Ignore|StartBody
ProxyBlock		proxy_module	each	server			ProxyBlock *|word|host|domain [word|host|domain] ...
ProxyDomain		proxy_module	1	server			ProxyDomain Domain
ProxyErrorOverride		proxy_module	each	section,server		ProxyErrorOverride Off	ProxyErrorOverride Off|On [code ...]
ProxyExpressDBMFile		proxy_express_module	1	FileInfo			ProxyExpressDBMFile pathname
ProxyExpressDBMType		proxy_express_module	1	FileInfo		ProxyExpressDBMType default	ProxyExpressDBMType type
ProxyExpressEnable		proxy_express_module	flag	FileInfo		ProxyExpressEnable off	ProxyExpressEnable on|off
ProxyFCGIBackendType		proxy_fcgi_module	1	FileInfo		ProxyFCGIBackendType FPM	ProxyFCGIBackendType FPM|GENERIC
ProxyFCGISetEnvIf		proxy_fcgi_module	2|3	FileInfo			ProxyFCGISetEnvIf conditional-expression [!]environment-variable-name [value-expression]
ProxyFtpDirCharset		proxy_ftp_module	1	section,server		ProxyFtpDirCharset ISO-8859-1	ProxyFtpDirCharset character_set
ProxyFtpEscapeWildcards		proxy_ftp_module	flag	section,server		ProxyFtpEscapeWildcards on	ProxyFtpEscapeWildcards on|off
ProxyFtpListOnWildcard		proxy_ftp_module	flag	section,server		ProxyFtpListOnWildcard on	ProxyFtpListOnWildcard on|off
ProxyHCExpr		proxy_hcheck_module	raw	FileInfo			ProxyHCExpr name {ap_expr expression}
ProxyHCTemplate		proxy_hcheck_module	raw	FileInfo			ProxyHCTemplate name parameter=setting [...]
ProxyHCTPsize		proxy_hcheck_module	1	server	virtualhost	ProxyHCTPsize 16	ProxyHCTPsize size
ProxyHTMLBufSize		proxy_html_module	1	section,server		ProxyHTMLBufSize 8192	ProxyHTMLBufSize bytes
ProxyHTMLCharsetOut		proxy_html_module	1	section,server		ProxyHTMLCharsetOut UTF-8	ProxyHTMLCharsetOut Charset | *
ProxyHTMLDoctype		proxy_html_module	1|2	section,server			ProxyHTMLDocType HTML|XHTML [Legacy]OR ProxyHTMLDocType fpi [SGML|XML]
ProxyHTMLEnable		proxy_html_module	flag	section,server		ProxyHTMLEnable Off	ProxyHTMLEnable On|Off
ProxyHTMLEvents		proxy_html_module	each	section,server			ProxyHTMLEvents attribute [attribute ...]
ProxyHTMLExtended		proxy_html_module	flag	section,server		ProxyHTMLExtended Off	ProxyHTMLExtended On|Off
ProxyHTMLFixups		proxy_html_module	each	section,server		ProxyHTMLFixups none	ProxyHTMLFixups [lowercase] [dospath] [reset]
ProxyHTMLInterp		proxy_html_module	flag	section,server		ProxyHTMLInterp Off	ProxyHTMLInterp On|Off
ProxyHTMLLinks		proxy_html_module	first-with-each	section,server			ProxyHTMLLinks element attribute [attribute2 ...]
ProxyHTMLMeta		proxy_html_module	flag	section,server		ProxyHTMLMeta Off	ProxyHTMLMeta On|Off
ProxyHTMLStripComments		proxy_html_module	flag	section,server		ProxyHTMLStripComments Off	ProxyHTMLStripComments On|Off
ProxyHTMLURLMap		proxy_html_module	raw	section,server			ProxyHTMLURLMap from-pattern to-pattern [flags] [cond]
ProxyIOBufferSize		proxy_module	1	server		ProxyIOBufferSize 8192	ProxyIOBufferSize bytes
ProxyMatch	s	proxy_module	raw	server			<ProxyMatch regex> ...</ProxyMatch>
ProxyMaxForwards		proxy_module	1	server		ProxyMaxForwards -1	ProxyMaxForwards number
ProxyPass		proxy_module	raw	section,server	directory,files,if,limit		ProxyPass [path] !|url [key=value [key=value ...]] [nocanon] [interpolate] [noquery]
ProxyPassInherit		proxy_module	flag	server		ProxyPassInherit On	ProxyPassInherit On|Off
ProxyPassInterpolateEnv		proxy_module	flag	section,server		ProxyPassInterpolateEnv Off	ProxyPassInterpolateEnv On|Off
ProxyPassMatch		proxy_module	raw	section,server	directory,files,if,limit		ProxyPassMatch [regex] !|url [key=value [key=value ...]]
ProxyPassReverse		proxy_module	1|2|3	section,server	directory,files,if,limit		ProxyPassReverse [path] url [interpolate]
ProxyPassReverseCookieDomain		proxy_module	2|3	section,server			ProxyPassReverseCookieDomain internal-domain public-domain [interpolate]
ProxyPassReverseCookiePath		proxy_module	2|3	section,server			ProxyPassReverseCookiePath internal-path public-path [interpolate]
ProxyPreserveHost		proxy_module	flag	section,server		ProxyPreserveHost Off	ProxyPreserveHost On|Off
ProxyReceiveBufferSize		proxy_module	1	server		ProxyReceiveBufferSize 0	ProxyReceiveBufferSize bytes
ProxyRemote		proxy_module	2|3	server			ProxyRemote match remote-server [username:password]
ProxyRemoteMatch		proxy_module	2|3	server			ProxyRemoteMatch regex remote-server [username:password]
ProxyRequests		proxy_module	flag	server		ProxyRequests Off	ProxyRequests On|Off
ProxySCGIInternalRedirect		proxy_scgi_module	1	section,server		ProxySCGIInternalRedirect On	ProxySCGIInternalRedirect On|Off|Headername
ProxySCGISendfile		proxy_scgi_module	1	section,server		ProxySCGISendfile Off	ProxySCGISendfile On|Off|Headername
ProxySet		proxy_module	raw	section,server			ProxySet url key=value [key=value ...]
ProxySourceAddress		proxy_module	1	server			ProxySourceAddress address
ProxyStatus		proxy_module	1	server		ProxyStatus Off	ProxyStatus Off|On|Full
ProxyTimeout		proxy_module	1	server		Value of Timeout	ProxyTimeout seconds
ProxyVia		proxy_module	1	server		ProxyVia Off	ProxyVia On|Off|Full|Block
ProxyWebsocketFallbackToProxyHttp		proxy_wstunnel_module	flag	section,server		ProxyWebsocketFallbackToProxyHttp On	ProxyWebsocketFallbackToProxyHttp On|Off
QualifyRedirectURL		core_module	flag	FileInfo		QualifyRedirectURL Off	QualifyRedirectURL On|Off
ReadBufferSize		core_module	1	section,server		ReadBufferSize 8192	ReadBufferSize bytes
ReadmeName		autoindex_module	1	Indexes			ReadmeName filename
ReceiveBufferSize		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost	ReceiveBufferSize 0	ReceiveBufferSize bytes
Redirect		alias_module	1|2|3	FileInfo			Redirect [status] [URL-path] URL
RedirectMatch		alias_module	2|3	FileInfo			RedirectMatch [status] regex URL
RedirectPermanent		alias_module	2	FileInfo			RedirectPermanent URL-path URL
RedirectRelative		alias_module	flag	FileInfo		RedirectRelative Off	RedirectRelative On|Off
RedirectTemp		alias_module	2	FileInfo			RedirectTemp URL-path URL
RedisConnPoolTTL		socache_redis_module	1	server		RedisConnPoolTTL 15s	RedisConnPoolTTL num[units]
RedisTimeout		socache_redis_module	1	server		RedisTimeout 5s	RedisTimeout num[units]
ReflectorHeader		reflector_module	1|2	Options			ReflectorHeader inputheader [outputheader]
RegexDefaultOptions		core_module	raw	server	virtualhost	RegexDefaultOptions DOTALL DOLLAR_ENDONLY	RegexDefaultOptions [none] [+|-]option [[+|-]option] ...
RegisterHttpMethod		core_module	each	server	virtualhost		RegisterHttpMethod method [method [...]]
RemoteIPHeader		remoteip_module	1	server		none	RemoteIPHeader header-field
RemoteIPInternalProxy		remoteip_module	each	server			RemoteIPInternalProxy proxy-ip|proxy-ip/subnet|hostname ...
RemoteIPInternalProxyList		remoteip_module	1	server			RemoteIPInternalProxyList filename
RemoteIPProxiesHeader		remoteip_module	1	server			RemoteIPProxiesHeader HeaderFieldName
RemoteIPProxyProtocol		remoteip_module	flag	server			RemoteIPProxyProtocol On|Off
RemoteIPProxyProtocolExceptions		remoteip_module	argv	server			RemoteIPProxyProtocolExceptions host|range [host|range] [host|range]
RemoteIPTrustedProxy		remoteip_module	each	server			RemoteIPTrustedProxy proxy-ip|proxy-ip/subnet|hostname ...
RemoteIPTrustedProxyList		remoteip_module	1	server			RemoteIPTrustedProxyList filename
RemoveCharset		mime_module	each	FileInfo			RemoveCharset extension [extension] ...
RemoveEncoding		mime_module	each	FileInfo			RemoveEncoding extension [extension] ...
RemoveHandler		mime_module	each	FileInfo			RemoveHandler extension [extension] ...
RemoveInputFilter		mime_module	each	FileInfo			RemoveInputFilter extension [extension] ...
RemoveLanguage		mime_module	each	FileInfo			RemoveLanguage extension [extension] ...
RemoveOutputFilter		mime_module	each	FileInfo			RemoveOutputFilter extension [extension] ...
RemoveType		mime_module	each	FileInfo			RemoveType extension [extension] ...
RequestHeader		headers_module	raw	FileInfo			RequestHeader add|append|edit|edit*|merge|set|setifempty|unset header [[expr=]value [replacement] [early|env=[!]varname|expr=expression]]
RequestReadTimeout		reqtimeout_module	raw	server		RequestReadTimeout handshake=0 header=20-40,MinRate=500 body=20,MinRate=500	RequestReadTimeout [handshake=timeout[-maxtimeout][,MinRate=rate] [header=timeout[-maxtimeout][,MinRate=rate] [body=timeout[-maxtimeout][,MinRate=rate]
Require		authz_core_module	raw	AuthConfig			Require [not] entity-name [entity-name] ...
RequireAll	s	authz_core_module	raw	AuthConfig			<RequireAll> ... </RequireAll>
RequireAny	s	authz_core_module	raw	AuthConfig			<RequireAny> ... </RequireAny>
RequireNone	s	authz_core_module	raw	AuthConfig			<RequireNone> ... </RequireNone>
RewriteBase		rewrite_module	1	FileInfo		None	RewriteBase URL-path
RewriteCond		rewrite_module	raw	FileInfo			RewriteCond TestString [!]CondPattern [flags]
RewriteEngine		rewrite_module	flag	FileInfo		RewriteEngine off	RewriteEngine on|off
RewriteMap		rewrite_module	2|3	server			RewriteMap MapName MapType:MapSource [MapTypeOptions]
RewriteOptions		rewrite_module	each	FileInfo			RewriteOptions Options
RewriteRule		rewrite_module	raw	FileInfo			RewriteRule [!]Pattern Substitution [flags]
RLimitCPU		core_module	1|2	any		Unset; uses operating system defaults	RLimitCPU seconds|max [seconds|max]
RLimitMEM		core_module	1|2	any		Unset; uses operating system defaults	RLimitMEM bytes|max [bytes|max]
RLimitNPROC		core_module	1|2	any		Unset; uses operating system defaults	RLimitNPROC number|max [number|max]
Satisfy		access_compat_module	1	AuthConfig		Satisfy All	Satisfy Any|All
ScoreBoardFile		core_module	1	server	virtualhost	ScoreBoardFile logs/apache_runtime_status	ScoreBoardFile file-path
Script		actions_module	2	section,server			Script method cgi-script
ScriptAlias		alias_module	1|2	section,server			ScriptAlias [URL-path] file-path|directory-path
ScriptAliasMatch		alias_module	2	server			ScriptAliasMatch regex file-path|directory-path
ScriptInterpreterSource	d	core_module	raw	any,section,server,proxy		ScriptInterpreterSource Script	ScriptInterpreterSource Registry|Registry-Strict|Script
ScriptLog		cgi_module cgid_module	1	server			ScriptLog file-path
ScriptLogBuffer		cgi_module cgid_module	1	server		ScriptLogBuffer 1024	ScriptLogBuffer bytes
ScriptLogLength		cgi_module cgid_module	1	server		ScriptLogLength 10385760	ScriptLogLength bytes
ScriptSock		cgid_module	1	server	virtualhost	ScriptSock cgisock	ScriptSock file-path
SecureListen	d	nw_ssl_module	raw	any,section,server,proxy			SecureListen [IP-address:]portnumber Certificate-Name [MUTUAL]
SeeRequestTail		core_module	flag	server	virtualhost	SeeRequestTail Off	SeeRequestTail On|Off
SendBufferSize		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost	SendBufferSize 0	SendBufferSize bytes
ServerAdmin		core_module	1	server			ServerAdmin email-address|URL
ServerAlias		core_module	raw	server			ServerAlias hostname [hostname] ...
ServerLimit		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost	See usage for details	ServerLimit number
ServerName		core_module	1	server			ServerName [scheme://]domain-name|ip-address[:port]
ServerPath		core_module	1	server			ServerPath URL-path
ServerRoot	x	core_module	1	server		ServerRoot /usr/local/apache	ServerRoot directory-path
ServerSignature		core_module	1	any		ServerSignature Off	ServerSignature On|Off|EMail
ServerTokens		core_module	1	server	virtualhost	ServerTokens Full	ServerTokens Major|Minor|Min[imal]|Prod[uctOnly]|OS|Full
Session		session_module	flag	AuthConfig,server		Session Off	Session On|Off
SessionCookieName		session_cookie_module	raw	AuthConfig,server		none	SessionCookieName name attributes
SessionCookieName2		session_cookie_module	raw	AuthConfig,server		none	SessionCookieName2 name attributes
SessionCookieRemove		session_cookie_module	flag	AuthConfig,server		SessionCookieRemove Off	SessionCookieRemove On|Off
SessionCryptoCipher		session_crypto_module	1	AuthConfig,server		SessionCryptoCipher aes256	SessionCryptoCipher name
SessionCryptoDriver		session_crypto_module	raw	server	virtualhost	none	SessionCryptoDriver name [param[=value]]
SessionCryptoPassphrase		session_crypto_module	each	AuthConfig,server		none	SessionCryptoPassphrase secret [ secret ... ]
SessionCryptoPassphraseFile		session_crypto_module	1	section,server		none	SessionCryptoPassphraseFile filename
SessionDBDCookieName		session_dbd_module	raw	AuthConfig,server		none	SessionDBDCookieName name attributes
SessionDBDCookieName2		session_dbd_module	raw	AuthConfig,server		none	SessionDBDCookieName2 name attributes
SessionDBDCookieRemove		session_dbd_module	flag	AuthConfig,server		SessionDBDCookieRemove On	SessionDBDCookieRemove On|Off
SessionDBDDeleteLabel		session_dbd_module	1	AuthConfig,server		SessionDBDDeleteLabel deletesession	SessionDBDDeleteLabel label
SessionDBDInsertLabel		session_dbd_module	1	AuthConfig,server		SessionDBDInsertLabel insertsession	SessionDBDInsertLabel label
SessionDBDPerUser		session_dbd_module	flag	AuthConfig,server		SessionDBDPerUser Off	SessionDBDPerUser On|Off
SessionDBDSelectLabel		session_dbd_module	1	AuthConfig,server		SessionDBDSelectLabel selectsession	SessionDBDSelectLabel label
SessionDBDUpdateLabel		session_dbd_module	1	AuthConfig,server		SessionDBDUpdateLabel updatesession	SessionDBDUpdateLabel label
SessionEnv		session_module	flag	AuthConfig,server		SessionEnv Off	SessionEnv On|Off
SessionExclude		session_module	1	AuthConfig,server		none	SessionExclude path
SessionExpiryUpdateInterval		session_module	1	AuthConfig,server		SessionExpiryUpdateInterval 0 (always update)	SessionExpiryUpdateInterval interval
SessionHeader		session_module	1	AuthConfig,server		none	SessionHeader header
SessionInclude		session_module	1	AuthConfig,server		all URLs	SessionInclude path
SessionMaxAge		session_module	1	AuthConfig,server		SessionMaxAge 0	SessionMaxAge maxage
SetEnv		env_module	1|2	FileInfo			SetEnv env-variable [value]
SetEnvIf		setenvif_module	raw	FileInfo			SetEnvIf attribute regex [!]env-variable[=value] [[!]env-variable[=value]] ...
SetEnvIfExpr		setenvif_module	raw	FileInfo			SetEnvIfExpr expr [!]env-variable[=value] [[!]env-variable[=value]] ...
SetEnvIfNoCase		setenvif_module	raw	FileInfo			SetEnvIfNoCase attribute regex [!]env-variable[=value] [[!]env-variable[=value]] ...
SetHandler		core_module	1	FileInfo			SetHandler handler-name|none|expression
SetInputFilter		core_module	1	FileInfo			SetInputFilter filter[;filter...]
SetOutputFilter		core_module	1	FileInfo			SetOutputFilter filter[;filter...]
SSIEndTag		include_module	1	server		SSIEndTag "-->"	SSIEndTag tag
SSIErrorMsg		include_module	1	any		SSIErrorMsg "[an error occurred while processing this directive]"	SSIErrorMsg message
SSIEtag		include_module	flag	Limit		SSIETag off	SSIETag on|off
SSILastModified		include_module	flag	Limit		SSILastModified off	SSILastModified on|off
SSILegacyExprParser		include_module	flag	Limit		SSILegacyExprParser off	SSILegacyExprParser on|off
SSIStartTag		include_module	1	server		SSIStartTag "<!--#"	SSIStartTag tag
SSITimeFormat		include_module	1	any		SSITimeFormat "%A, %d-%b-%Y %H:%M:%S %Z"	SSITimeFormat formatstring
SSIUndefinedEcho		include_module	1	any		SSIUndefinedEcho "(none)"	SSIUndefinedEcho string
SSLCACertificateFile		ssl_module	1	AuthConfig,server			SSLCACertificateFile file-path
SSLCACertificatePath		ssl_module	1	AuthConfig,server			SSLCACertificatePath directory-path
SSLCADNRequestFile		ssl_module	1	server			SSLCADNRequestFile file-path
SSLCADNRequestPath		ssl_module	1	server			SSLCADNRequestPath directory-path
SSLCARevocationCheck		ssl_module	raw	server		SSLCARevocationCheck none	SSLCARevocationCheck chain|leaf|none [flags ...]
SSLCARevocationFile		ssl_module	1	server			SSLCARevocationFile file-path
SSLCARevocationPath		ssl_module	1	server			SSLCARevocationPath directory-path
SSLCertificateChainFile		ssl_module	1	server			SSLCertificateChainFile file-path
SSLCertificateFile		ssl_module	1	server			SSLCertificateFile file-path|certid
SSLCertificateKeyFile		ssl_module	1	server			SSLCertificateKeyFile file-path|keyid
SSLCipherSuite		ssl_module	1|2	AuthConfig,server		SSLCipherSuite DEFAULT (depends on OpenSSL version)	SSLCipherSuite [protocol] cipher-spec
SSLCompression		ssl_module	flag	server		SSLCompression off	SSLCompression on|off
SSLCryptoDevice		ssl_module	1	server	virtualhost	SSLCryptoDevice builtin	SSLCryptoDevice engine
SSLEngine		ssl_module	1	server		SSLEngine off	SSLEngine on|off
SSLFIPS		ssl_module	flag	server	virtualhost	SSLFIPS off	SSLFIPS on|off
SSLHonorCipherOrder		ssl_module	flag	server		SSLHonorCipherOrder off	SSLHonorCipherOrder on|off
SSLInsecureRenegotiation		ssl_module	flag	server		SSLInsecureRenegotiation off	SSLInsecureRenegotiation on|off
SSLLog		ssl_module	raw	any			
SSLLogLevel		ssl_module	raw	any			
SSLOCSPDefaultResponder		ssl_module	1	server			SSLOCSPDefaultResponder uri
SSLOCSPEnable		ssl_module	raw	server		SSLOCSPEnable off	SSLOCSPEnable on|leaf|off [flags]
SSLOCSPNoVerify		ssl_module	flag	server		SSLOCSPNoverify off	SSLOCSPNoverify on|off
SSLOCSPOverrideResponder		ssl_module	flag	server		SSLOCSPOverrideResponder off	SSLOCSPOverrideResponder on|off
SSLOCSPProxyURL		ssl_module	1	server			SSLOCSPProxyURL url
SSLOCSPResponderCertificateFile		ssl_module	1	server			SSLOCSPResponderCertificateFile file
SSLOCSPResponderTimeout		ssl_module	1	server		SSLOCSPResponderTimeout 10	SSLOCSPResponderTimeout seconds
SSLOCSPResponseMaxAge		ssl_module	1	server		SSLOCSPResponseMaxAge -1	SSLOCSPResponseMaxAge seconds
SSLOCSPResponseTimeSkew		ssl_module	1	server		SSLOCSPResponseTimeSkew 300	SSLOCSPResponseTimeSkew seconds
SSLOCSPUseRequestNonce		ssl_module	flag	server		SSLOCSPUseRequestNonce on	SSLOCSPUseRequestNonce on|off
SSLOpenSSLConfCmd		ssl_module	2	server			SSLOpenSSLConfCmd command-name command-value
SSLOptions		ssl_module	raw	Options			SSLOptions [+|-]option ...
SSLPassPhraseDialog		ssl_module	1	server	virtualhost	SSLPassPhraseDialog builtin	SSLPassPhraseDialog type
SSLProtocol		ssl_module	raw	server		SSLProtocol all -SSLv3 (up to 2.4.16: all)	SSLProtocol [+|-]protocol ...
SSLProxyCACertificateFile		ssl_module	1	server,proxy			SSLProxyCACertificateFile file-path
SSLProxyCACertificatePath		ssl_module	1	server,proxy			SSLProxyCACertificatePath directory-path
SSLProxyCARevocationCheck		ssl_module	raw	server,proxy		SSLProxyCARevocationCheck none	SSLProxyCARevocationCheck chain|leaf|none
SSLProxyCARevocationFile		ssl_module	1	server,proxy			SSLProxyCARevocationFile file-path
SSLProxyCARevocationPath		ssl_module	1	server,proxy			SSLProxyCARevocationPath directory-path
SSLProxyCheckPeerCN		ssl_module	flag	server,proxy		SSLProxyCheckPeerCN on	SSLProxyCheckPeerCN on|off
SSLProxyCheckPeerExpire		ssl_module	flag	server,proxy		SSLProxyCheckPeerExpire on	SSLProxyCheckPeerExpire on|off
SSLProxyCheckPeerName		ssl_module	flag	server,proxy		SSLProxyCheckPeerName on	SSLProxyCheckPeerName on|off
SSLProxyCipherSuite		ssl_module	1|2	server,proxy		SSLProxyCipherSuite ALL:!ADH:RC4+RSA:+HIGH:+MEDIUM:+LOW:+EXP	SSLProxyCipherSuite [protocol] cipher-spec
SSLProxyEngine		ssl_module	flag	server,proxy		SSLProxyEngine off	SSLProxyEngine on|off
SSLProxyMachineCertificateChainFile		ssl_module	1	server,proxy			SSLProxyMachineCertificateChainFile filename
SSLProxyMachineCertificateFile		ssl_module	1	server,proxy			SSLProxyMachineCertificateFile filename
SSLProxyMachineCertificatePath		ssl_module	1	server,proxy			SSLProxyMachineCertificatePath directory
SSLProxyProtocol		ssl_module	raw	server,proxy		SSLProxyProtocol all -SSLv3 (up to 2.4.16: all)	SSLProxyProtocol [+|-]protocol ...
SSLProxyVerify		ssl_module	1	server,proxy		SSLProxyVerify none	SSLProxyVerify level
SSLProxyVerifyDepth		ssl_module	1	server,proxy		SSLProxyVerifyDepth 1	SSLProxyVerifyDepth number
SSLRandomSeed		ssl_module	2|3	server	virtualhost		SSLRandomSeed context source [bytes]
SSLRenegBufferSize		ssl_module	1	AuthConfig		SSLRenegBufferSize 131072	SSLRenegBufferSize bytes
SSLRequire		ssl_module	raw	AuthConfig			SSLRequire expression
SSLRequireSSL		ssl_module	raw	AuthConfig			SSLRequireSSL
SSLSessionCache		ssl_module	1	server	virtualhost	SSLSessionCache none	SSLSessionCache type
SSLSessionCacheTimeout		ssl_module	1	server		SSLSessionCacheTimeout 300	SSLSessionCacheTimeout seconds
SSLSessionTicketKeyFile		ssl_module	1	server			SSLSessionTicketKeyFile file-path
SSLSessionTickets		ssl_module	flag	server		SSLSessionTickets on	SSLSessionTickets on|off
SSLSRPUnknownUserSeed		ssl_module	1	server			SSLSRPUnknownUserSeed secret-string
SSLSRPVerifierFile		ssl_module	1	server			SSLSRPVerifierFile file-path
SSLStaplingCache		ssl_module	1	server	virtualhost		SSLStaplingCache type
SSLStaplingErrorCacheTimeout		ssl_module	1	server		SSLStaplingErrorCacheTimeout 600	SSLStaplingErrorCacheTimeout seconds
SSLStaplingFakeTryLater		ssl_module	flag	server		SSLStaplingFakeTryLater on	SSLStaplingFakeTryLater on|off
SSLStaplingForceURL		ssl_module	1	server			SSLStaplingForceURL uri
SSLStaplingResponderTimeout		ssl_module	1	server		SSLStaplingResponderTimeout 10	SSLStaplingResponderTimeout seconds
SSLStaplingResponseMaxAge		ssl_module	1	server		SSLStaplingResponseMaxAge -1	SSLStaplingResponseMaxAge seconds
SSLStaplingResponseTimeSkew		ssl_module	1	server		SSLStaplingResponseTimeSkew 300	SSLStaplingResponseTimeSkew seconds
SSLStaplingReturnResponderErrors		ssl_module	flag	server		SSLStaplingReturnResponderErrors on	SSLStaplingReturnResponderErrors on|off
SSLStaplingStandardCacheTimeout		ssl_module	1	server		SSLStaplingStandardCacheTimeout 3600	SSLStaplingStandardCacheTimeout seconds
SSLStrictSNIVHostCheck		ssl_module	flag	server		SSLStrictSNIVHostCheck off	SSLStrictSNIVHostCheck on|off
SSLUserName		ssl_module	1	AuthConfig,server			SSLUserName varname
SSLUseStapling		ssl_module	flag	server		SSLUseStapling off	SSLUseStapling on|off
SSLVerifyClient		ssl_module	1	AuthConfig,server		SSLVerifyClient none	SSLVerifyClient level
SSLVerifyDepth		ssl_module	1	AuthConfig,server		SSLVerifyDepth 1	SSLVerifyDepth number
SSLVHostSNIPolicy		ssl_module	1	server	virtualhost	SSLVHostSNIPolicy secure	SSLVHostSNIPolicy strict|secure|authonly|insecure
StartServers		mpm_event_module mpm_prefork_module mpm_worker_module	1	server	virtualhost	See usage for details	StartServers number
StartThreads	d	mpm_netware_module	1	any,section,server,proxy		See usage for details	StartThreads number
StrictHostCheck		core_module	flag	server		StrictHostCheck OFF	StrictHostCheck ON|OFF
Substitute		substitute_module	1	FileInfo			Substitute s/pattern/substitution/[infq]
SubstituteInheritBefore		substitute_module	flag	FileInfo		SubstituteInheritBefore off	SubstituteInheritBefore on|off
SubstituteMaxLineLength		substitute_module	1	FileInfo		SubstituteMaxLineLength 1m	SubstituteMaxLineLength bytes(b|B|k|K|m|M|g|G)
Suexec		unixd_module	flag	server	virtualhost	On if suexec binary exists with proper owner and mode, Off otherwise	Suexec On|Off
SuexecUserGroup		suexec_module	2	server			SuexecUserGroup User Group
ThreadLimit		mpm_event_module mpm_worker_module	1	server	virtualhost	See usage for details	ThreadLimit number
ThreadsPerChild		mpm_event_module mpm_worker_module	1	server	virtualhost	See usage for details	ThreadsPerChild number
ThreadStackSize		core_module	1	server	virtualhost	65536 on NetWare; varies on other operating systems	ThreadStackSize size
Timeout		core_module	1	server		TimeOut 60	TimeOut seconds
TraceEnable		core_module	1	server		TraceEnable on	TraceEnable [on|off|extended]
TransferLog		log_config_module	1	server			TransferLog file|pipe
TypesConfig		mime_module	1	server		TypesConfig conf/mime.types	TypesConfig file-path
UNCList	xd	core_module	argv	any,section,server,proxy		unset	UNCList hostname [hostname...]
UnDefine	x	core_module	1	section,server			UnDefine parameter-name
UndefMacro	x	macro_module	1	any			UndefMacro name
UnsetEnv		env_module	each	FileInfo			UnsetEnv env-variable [env-variable] ...
Use	x	macro_module	raw	any			Use name [value1 ... valueN]
UseCanonicalName		core_module	1	section,server		UseCanonicalName Off	UseCanonicalName On|Off|DNS
UseCanonicalPhysicalPort		core_module	1	section,server		UseCanonicalPhysicalPort Off	UseCanonicalPhysicalPort On|Off
User		unixd_module	1	server	virtualhost	User #-1	User unix-userid
UserDir		userdir_module	raw	server			UserDir directory-filename [directory-filename] ...
VHostCGIMode	d	privileges_module	raw	any,section,server,proxy		VHostCGIMode On	VHostCGIMode On|Off|Secure
VHostCGIPrivs	d	privileges_module	raw	any,section,server,proxy		None	VHostCGIPrivs [+-]?privilege-name [[+-]?privilege-name] ...
VHostGroup	d	privileges_module	raw	any,section,server,proxy		Inherits the group id specified in Group	VHostGroup unix-groupid
VHostPrivs	d	privileges_module	raw	any,section,server,proxy		None	VHostPrivs [+-]?privilege-name [[+-]?privilege-name] ...
VHostSecure	d	privileges_module	raw	any,section,server,proxy		VHostSecure On	VHostSecure On|Off
VHostUser	d	privileges_module	raw	any,section,server,proxy		Inherits the userid specified in User	VHostUser unix-userid
VirtualDocumentRoot		vhost_alias_module	1	server		VirtualDocumentRoot none	VirtualDocumentRoot interpolated-directory|none
VirtualDocumentRootIP		vhost_alias_module	1	server		VirtualDocumentRootIP none	VirtualDocumentRootIP interpolated-directory|none
VirtualHost	s	core_module	raw	server	virtualhost		<VirtualHost addr[:port] [addr[:port]] ...> ... </VirtualHost>
VirtualScriptAlias		vhost_alias_module	1	server		VirtualScriptAlias none	VirtualScriptAlias interpolated-directory|none
VirtualScriptAliasIP		vhost_alias_module	1	server		VirtualScriptAliasIP none	VirtualScriptAliasIP interpolated-directory|none
WatchdogInterval		watchdog_module	1	server	virtualhost	WatchdogInterval 1	WatchdogInterval time-interval[s]
WSGIAcceptMutex		wsgi_module	1	server	virtualhost	WSGIAcceptMutex Default	WSGIAcceptMutex Default\`\` | *method*
WSGIAccessScript		wsgi_module	raw	AuthConfig			WSGIAccessScript\`\` *path* [ *options* ]
WSGIApplicationGroup		wsgi_module	1	section,server		WSGIApplicationGroup %{RESOURCE}	WSGIApplicationGroup name\`\` \`\`WSGIApplicationGroup %{GLOBAL}\`\` \`\`WSGIApplicationGroup %{SERVER}\`\` \`\`WSGIApplicationGroup %{RESOURCE}\`\` \`\`WSGIApplicationGroup %{ENV:variable}
WSGIAuthGroupScript		wsgi_module	raw	AuthConfig			WSGIAuthGroupScript\`\` *path* [ *options* ]
WSGIAuthUserScript		wsgi_module	raw	AuthConfig			WSGIAuthUserScript\`\` *path* [ *options* ]
WSGICallableObject		wsgi_module	1	FileInfo		WSGICallableObject application	WSGICallableObject\`\` *name*
WSGICaseSensitivity		wsgi_module	1	server	virtualhost	Platform-dependent (Off on Windows and macOS, On elsewhere)	WSGICaseSensitivity On|Off
WSGIChunkedRequest		wsgi_module	1	FileInfo		WSGIChunkedRequest Off	WSGIChunkedRequest On|Off
WSGIDaemonProcess		wsgi_module	raw	server			WSGIDaemonProcess\`\` *name* \`\`[\`\` *options* \`\`]
WSGIDestroyInterpreter		wsgi_module	1	server	virtualhost	WSGIDestroyInterpreter On	WSGIDestroyInterpreter On|Off
WSGIDispatchScript		wsgi_module	raw	section,server			WSGIDispatchScript\`\` *path* \`\`[\`\` *options* \`\`]
WSGIDontWriteBytecode		wsgi_module	1	server	virtualhost	WSGIDontWriteBytecode Off	WSGIDontWriteBytecode On|Off
WSGIEnableSendfile		wsgi_module	1	FileInfo		WSGIEnableSendfile Off	WSGIEnableSendfile On|Off
WSGIErrorOverride		wsgi_module	1	FileInfo		WSGIErrorOverride Off	WSGIErrorOverride On|Off
WSGIFreeThreading	d	wsgi_module	1	any,section,server,proxy		WSGIFreeThreading Off	WSGIFreeThreading On|Off
WSGIGroupAuthoritative		wsgi_module	1	AuthConfig			
WSGIHandlerScript		wsgi_module	raw	section,server			WSGIHandlerScript\`\` *name path* \`\`[\`\` *options* \`\`]
WSGIIgnoreActivity		wsgi_module	1	FileInfo		WSGIIgnoreActivity Off	WSGIIgnoreActivity On|Off
WSGIImportScript		wsgi_module	raw	server			WSGIImportScript\`\` *path* \`\`[\`\` *options* \`\`]
WSGIInterpreterOptions	sd	wsgi_module	raw	any,section,server,proxy			<WSGIInterpreterOptions [process-group=NAME] [application-group=NAME]> ... </WSGIInterpreterOptions>
WSGILazyInitialization		wsgi_module	1	server	virtualhost		
WSGIMapHEADToGET		wsgi_module	1	FileInfo		WSGIMapHEADToGET Auto	WSGIMapHEADToGET On|Off|Auto
WSGINewRelicConfigFile		wsgi_module	1	server	virtualhost		
WSGINewRelicEnvironment		wsgi_module	1	server	virtualhost		
WSGIPassApacheRequest		wsgi_module	1	section,server		WSGIPassApacheRequest Off	WSGIPassApacheRequest On|Off
WSGIPassAuthorization		wsgi_module	1	FileInfo		WSGIPassAuthorization Off	WSGIPassAuthorization On|Off
WSGIPerInterpreterGIL	d	wsgi_module	1	any,section,server,proxy		WSGIPerInterpreterGIL Off	WSGIPerInterpreterGIL On|Off
WSGIProcessGroup		wsgi_module	1	section,server		WSGIProcessGroup %{GLOBAL}	WSGIProcessGroup %{GLOBAL}|%{ENV:variable}|name
WSGIPythonEggs		wsgi_module	1	server	virtualhost		WSGIPythonEggs\`\` *directory*
WSGIPythonHashSeed		wsgi_module	1	server	virtualhost	WSGIPythonHashSeed random	WSGIPythonHashSeed\`\` *random|0..4294967295*
WSGIPythonHome		wsgi_module	1	server	virtualhost		WSGIPythonHome\`\` *prefix|prefix:exec_prefix*
WSGIPythonOptimize		wsgi_module	1	server	virtualhost	WSGIPythonOptimize 0	WSGIPythonOptimize [0|1|2]
WSGIPythonPath		wsgi_module	1	server	virtualhost		WSGIPythonPath\`\` *directory|directory-1:directory-2:...*
WSGIPythonWarnings		wsgi_module	1	server	virtualhost		WSGIPythonWarnings\`\` *spec*
WSGIRestrictEmbedded		wsgi_module	1	server	virtualhost	WSGIRestrictEmbedded Off	WSGIRestrictEmbedded On|Off
WSGIRestrictProcess		wsgi_module	raw	section,server			WSGIRestrictProcess\`\` *group-1 group-2 ...*
WSGIRestrictSignal		wsgi_module	1	server	virtualhost	WSGIRestrictSignal On	WSGIRestrictSignal On|Off
WSGIRestrictStdin		wsgi_module	1	server	virtualhost	WSGIRestrictStdin Off	WSGIRestrictStdin On|Off
WSGIRestrictStdout		wsgi_module	1	server	virtualhost	WSGIRestrictStdout Off	WSGIRestrictStdout On|Off
WSGIScriptAlias		wsgi_module	raw	server			WSGIScriptAlias\`\` *URL-path file-path|directory-path* \`\`[\`\` *options* \`\`]
WSGIScriptAliasMatch		wsgi_module	raw	server			WSGIScriptAliasMatch\`\` *regex file-path|directory-path* \`\`[\`\` *options* \`\`]
WSGIScriptReloading		wsgi_module	1	FileInfo		WSGIScriptReloading On	WSGIScriptReloading On|Off
WSGIServerMetrics		wsgi_module	1	server	virtualhost	Off	WSGIServerMetrics On|Off
WSGISlowRequests	d	wsgi_module	1	any,section,server,proxy		Not set (slow-request reporting disabled)	WSGISlowRequests SECONDS
WSGISocketPrefix		wsgi_module	1	server	virtualhost		WSGISocketPrefix\`\` *prefix*
WSGISocketRotation		wsgi_module	1	server	virtualhost	WSGISocketRotation On	WSGISocketRotation On|Off
WSGISwitchInterval	d	wsgi_module	1	any,section,server,proxy		*Python's built-in default* (\`\`0.005\`\` = 5 ms in CPython 3.2+)	WSGISwitchInterval\`\` *seconds*
WSGITelemetryOptions	d	wsgi_module	raw	any,section,server,proxy		All flags off	WSGITelemetryOptions [+|-]Flag [+|-]Flag ... | None | All
WSGITelemetryService	d	wsgi_module	1|2	any,section,server,proxy		Not set (reporter disabled)	WSGITelemetryService unix:/path [interval=SECONDS]
WSGITrustedProxies		wsgi_module	raw	FileInfo			WSGITrustedProxies\`\` *address|(address-1 address-2 ...)*
WSGITrustedProxyHeaders		wsgi_module	raw	FileInfo			WSGITrustedProxyHeaders\`\` *header|(header-1 header-2 ...)*
WSGIVerboseDebugging		wsgi_module	1	server	virtualhost		
XBitHack		include_module	1	Options		XBitHack off	XBitHack on|off|full
xml2EncAlias		xml2enc_module	first-with-each	server	virtualhost		xml2EncAlias charset alias [alias ...]
xml2EncDefault		xml2enc_module	1	any			xml2EncDefault name
xml2StartParse		xml2enc_module	each	any			xml2StartParse element [element ...]`
