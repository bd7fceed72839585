import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What Java makes of request targets and lists of paths: one answer in JSON for each line. An
 * empty line asks for what has been answered so far. Where Netty is on the class path, which
 * CM-Well reads queries with, it is asked too.
 */
public final class Reader {
	interface Attempt<T> {
		T make() throws Exception;
	}

	/** Null where Java refuses. */
	static <T> T attempt(Attempt<T> a) {
		try {
			return a.make();
		} catch (Exception e) {
			return null;
		}
	}

	static String decode(String s) {
		return attempt(() -> URLDecoder.decode(s, StandardCharsets.UTF_8));
	}

	static Map<String, String> paths(String t) {
		Map<String, String> found = new LinkedHashMap<>();
		String before = t.contains("?") ? t.substring(0, t.indexOf('?')) : t;
		found.put("URI.getPath", attempt(() -> new URI(t).getPath()));
		found.put("URI.normalize.getPath", attempt(() -> new URI(t).normalize().getPath()));
		found.put("URI.getPath, normalize", attempt(() -> Path.of(new URI(t).getPath()).normalize().toString()));
		found.put("URI.resolve", attempt(() -> new URI("http://store/").resolve(t).getPath()));
		found.put("URI.getPath behind a host", attempt(() -> new URI("http://store" + t).getPath()));
		found.put("URI.normalize.getPath behind a host", attempt(() -> new URI("http://store" + t).normalize().getPath()));
		found.put("URLDecoder of URL.getPath", attempt(() -> decode(new URL("http://store" + t).getPath())));
		found.put("URLDecoder of URL in a context", attempt(() -> decode(new URL(new URL("http://store/"), t).getPath())));
		found.put("URLDecoder", decode(before));
		found.put("URLDecoder, normalize", attempt(() -> Path.of(decode(before)).normalize().toString()));
		return found;
	}

	static Map<String, List<String[]>> queries(String t) {
		Map<String, List<String[]>> found = new LinkedHashMap<>();
		String raw = t.contains("?") ? t.substring(t.indexOf('?') + 1) : "";
		found.put("URLDecoder of each part", attempt(() -> split(raw, true)));
		found.put("URLDecoder of URI.getRawQuery", attempt(() -> split(new URI(t).getRawQuery(), true)));
		found.put("URI.getQuery, split", attempt(() -> split(new URI(t).getQuery(), false)));
		if (NETTY != null) {
			found.put("Netty", attempt(() -> netty(t)));
		}
		return found;
	}

	static List<String[]> split(String query, boolean decode) {
		List<String[]> pairs = new ArrayList<>();
		for (String part : query == null || query.isEmpty() ? new String[0] : query.split("&")) {
			String[] pair = (part + (part.contains("=") ? "" : "=")).split("=", 2);
			pairs.add(decode ? new String[] {URLDecoder.decode(pair[0], StandardCharsets.UTF_8), URLDecoder.decode(pair[1], StandardCharsets.UTF_8)} : pair);
		}
		return pairs;
	}

	static final Class<?> NETTY = attempt(() -> Class.forName("io.netty.handler.codec.http.QueryStringDecoder"));
	static final Method PARAMETERS = NETTY == null ? null : attempt(() -> NETTY.getMethod("parameters"));

	static List<String[]> netty(String t) throws Exception {
		List<String[]> pairs = new ArrayList<>();
		Map<?, ?> read = (Map<?, ?>) PARAMETERS.invoke(NETTY.getConstructor(String.class).newInstance(t));
		for (Map.Entry<?, ?> e : read.entrySet()) {
			for (Object value : (List<?>) e.getValue()) {
				pairs.add(new String[] {(String) e.getKey(), (String) value});
			}
		}
		return pairs;
	}

	static void quote(StringBuilder out, String s) {
		out.append('"');
		for (int i = 0; i < s.length(); i++) {
			char c = s.charAt(i);
			if (c < ' ' || c > '~' || c == '"' || c == '\\') {
				out.append(String.format("\\u%04x", (int) c));
			} else {
				out.append(c);
			}
		}
		out.append('"');
	}

	static String target(String t) {
		StringBuilder out = new StringBuilder("{\"p\":{");
		String comma = "";
		Set<String> seen = new HashSet<>();
		for (Map.Entry<String, String> e : paths(t).entrySet()) {
			if (e.getValue() != null && seen.add(e.getValue())) {
				quote(out.append(comma), e.getKey());
				quote(out.append(':'), e.getValue());
				comma = ",";
			}
		}
		out.append("},\"q\":{");
		comma = "";
		for (Map.Entry<String, List<String[]>> e : queries(t).entrySet()) {
			if (e.getValue() == null) {
				continue;
			}
			quote(out.append(comma), e.getKey());
			out.append(":[");
			comma = "";
			for (String[] pair : e.getValue()) {
				quote(out.append(comma).append('['), pair[0]);
				quote(out.append(','), pair[1]);
				out.append(']');
				comma = ",";
			}
			out.append(']');
			comma = ",";
		}
		return out.append("}}").toString();
	}

	static String lines(String text) {
		StringBuilder out = new StringBuilder("{\"l\":{\"lines\":[");
		String comma = "";
		for (String line : text.lines().toList()) {
			quote(out.append(comma), line);
			comma = ",";
		}
		out.append("],\"\\\\R\":[");
		comma = "";
		for (String line : text.split("\\R")) {
			quote(out.append(comma), line);
			comma = ",";
		}
		return out.append("]}}").toString();
	}

	/** A JSON string as the test writes it: every character that is not plain by its number. */
	static String unquote(String s) {
		StringBuilder out = new StringBuilder();
		for (int i = 1; i < s.length() - 1; i++) {
			if (s.charAt(i) == '\\') {
				out.append((char) Integer.parseInt(s.substring(i + 2, i + 6), 16));
				i += 5;
			} else {
				out.append(s.charAt(i));
			}
		}
		return out.toString();
	}

	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
		StringBuilder answers = new StringBuilder();
		for (String line = in.readLine(); line != null; line = in.readLine()) {
			String rest = line.length() > 2 ? line.substring(2) : "";
			if (line.isEmpty()) {
				out.print(answers);
				out.flush();
				answers.setLength(0);
			} else if (line.charAt(0) == 't') {
				answers.append(target(rest)).append('\n');
			} else if (line.charAt(0) == 'l') {
				answers.append(lines(unquote(rest))).append('\n');
			} else {
				answers.append("{}\n");
			}
		}
	}
}
