"""Scrapy settings of this project; what depends on the marketplace is set by `monitor.middlewares.guest_settings`."""

BOT_NAME = "umkm-banten-monitor"
SPIDER_MODULES = ["spiders"]

# A guest: who asks is said (USER_AGENT), robots.txt is obeyed, and nothing identifies one visit with the next.
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "umkm-banten-monitor"
COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False  # would run code that it is sent over HTTP

# One slow lane per site: each process crawls one marketplace. The delay is never varied, so it is never shorter.
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
RANDOMIZE_DOWNLOAD_DELAY = False
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 20_000_000  # the largest answer seen has 2 MB
DOWNLOAD_WARNSIZE = 0
DNS_TIMEOUT = 20
DOWNLOAD_VERIFY_CERTIFICATES = True  # a hotspot or proxy in between must not pass for the marketplace

# 429 is answered by RetryAfterMiddleware; 403 and its like end the crawl.
RETRY_TIMES = 2
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524, 408]
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # GuestMiddleware knows the hosts
    "monitor.middlewares.GuestMiddleware": 50,  # first: names the lane and counts
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "monitor.middlewares.GuestRobotsMiddleware": 100,
    "monitor.middlewares.RetryAfterMiddleware": 560,  # sees a response before the retries at 550 do
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "monitor.middlewares.GuestRedirectMiddleware": 600,
}

# An item passes these in order; what is written is what the last one returns.
ITEM_PIPELINES = {
    "pipelines.validate.Validate": 100,  # first: later steps may rely on ids, types and ranges
    "pipelines.deduplicate.Deduplicate": 200,  # before the costly step, and on the values as printed
    "pipelines.normalise.Normalise": 300,  # last: turns text into identifiers and codes, and masks it
}
CONCURRENT_ITEMS = 1  # rows are written in the order in which they were read

EXTENSIONS = {
    "monitor.extensions.CrawlDirectory": 500,
    "monitor.crawl.watch.CrawlWatch": 510,  # after it: what it hears was written before
    "scrapy.extensions.logstats.LogStats": None,
}
LOG_FORMATTER = "monitor.extensions.QuietLogFormatter"
LOG_ENABLED = False  # the extension logs into the crawl directory
LOG_LEVEL = "INFO"

# Given by `monitor crawl`: folder of a served sandbox, week (only with a sandbox), requests allowed (0: no limit),
# and whether the crawl ends when whoever started it does.
MONITOR_SANDBOX = ""
MONITOR_WEEK = ""
MONITOR_BUDGET = 0
MONITOR_CHILD = False
MONITOR_QUERIES = 0  # only with a sandbox: so many of the panel's queries; 0: all
MONITOR_PLAN = ""  # folder of the plan that a new crawl follows; a resumed one follows its own
MONITOR_LOOK = False  # `doctor`: a crawl whose few requests are sent is finished
# Given by a worker of a cluster: socket over which it grants requests, and which part of the crawl this process reads.
MONITOR_LANE_FD = 0
MONITOR_SHARD = ""
